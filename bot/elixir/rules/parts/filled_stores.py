"""What a server's start fills and others read without asking it: named tables and settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.elixir import settings, tables
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression
from bot.elixir.further import calls_behind
from bot.elixir.module import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, Reached, reached_from_callbacks

_CHANGES = tables.WRITES | tables.REMOVES | {":ets.new"}


@dataclass(frozen=True, eq=False)
class Fill:
    """A call that writes to what all processes can see."""

    call: Call
    store: str | settings.Setting
    """What names the table, or the setting."""

    @property
    def word(self) -> bytes:
        """What a source holds that reads it."""
        if isinstance(self.store, settings.Setting):
            return self.store.word
        words: list[str] = re.findall(r"\w+", self.store.partition("/")[0])
        return words[-1].encode()


def fills(steps: Iterable[Reached], project: Project) -> list[Fill]:
    """The writes that some clauses make, themselves or by other modules of the project."""
    made = (c for s in steps for call in s.clause.calls for c in calls_behind(call, project))
    found = (
        (call, _written(call))
        for call in made
        if not (call.deferred or call.runs_in or call.in_quote or call.captured)
    )
    return [Fill(call, store) for call, store in found if store]


def is_read_by_others(fill: Fill, server: Module, project: Project) -> bool:
    """Whether code that does not run in the server reads it."""
    own = {step.clause.node.id for step in reached_from_callbacks(server, BUSY)}
    return any(
        _read(call, clause) == fill.store
        for module in _speaking_of(fill, project)
        for clause in module.clauses_with(b":ets.", *settings.READ_WORDS)
        if module is not server or clause.node.id not in own
        for call in clause.calls
        if not call.in_quote
    )


def _speaking_of(fill: Fill, project: Project) -> Iterator[Module]:
    filler = fill.call.owner.source.path
    for path in project.lib_holding(b":ets.", *settings.READ_WORDS):
        if path == filler or fill.word in project.texts[path]:
            yield from project.modules_in(path)


def _written(call: Call) -> str | settings.Setting | None:
    if call.full in tables.WRITES:
        return _table(call, call.owner.clause_at(call.start))
    written = settings.written(call)
    return written if written is not None and call.name in ("put", "put_env", "set_env") else None


def _read(call: Call, clause: Clause) -> str | settings.Setting | None:
    if call.module == ":ets" and call.full not in _CHANGES:
        return _table(call, clause)
    return settings.read(call)


def _table(call: Call, clause: Clause | None) -> str:
    operand = tables.Operation(call, clause).operand if clause is not None else None
    if clause is None or operand is None:
        return ""
    return tables.identity(Expression(operand, clause))
