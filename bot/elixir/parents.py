"""Which supervisors start a module, and by which names others ask them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir.calls import Call
from bot.elixir.children import ChildListFacts
from bot.elixir.expressions import Expression, value_of
from bot.elixir.facts import ModuleFacts, StartFacts
from bot.elixir.module import Clause
from bot.elixir.nodes import keyword_pairs
from bot.elixir.process_names import process_name
from bot.elixir.project import Project

_MOST_LEVELS = 10


@dataclass(frozen=True)
class Parent:
    """A supervisor that starts a module, or starts a supervisor that does."""

    name: str
    """By which it is asked: a registered name."""
    path: str
    start: int
    end: int
    """Where the child stands in its list, or is asked for."""
    dynamic: bool = False
    """`start_child` starts the child, not a list."""


def parents_of(project: Project, module: str) -> Iterator[Parent]:
    """The supervisors that wait for the module's start, nearest first, as far as they have names.

    A supervisor further up waits while the tree starts: for the lists in between, and so for this.
    """
    level, seen = {module}, {module}
    for depth in range(_MOST_LEVELS):
        above: set[str] = set()
        for facts in project.facts if level else ():
            if facts.role != "lib":
                continue
            for listing in facts.child_lists:
                for child in listing.children:
                    if child.module in level:
                        above |= {facts.name} if listing.function.startswith("init/") else set()
                        for name in _names(project, facts, listing):
                            yield Parent(name, listing.path, child.start, child.end)
            for start in facts.starts if depth == 0 else ():
                if start.target == module and start.call.endswith("Supervisor.start_child"):
                    yield from _asked(project, start)
        level = above - seen
        seen |= above


def _names(project: Project, facts: ModuleFacts, listing: ChildListFacts) -> set[str]:
    if listing.function.startswith("init/"):
        return {facts.name, *facts.names}
    found = _call_at(project, facts.name, listing.start)
    if found is None:
        return set()
    call, clause = found
    options = call.keywords()
    if not options and len(call.args) > 1:
        value = value_of(Expression(call.args[1], clause))
        options = keyword_pairs(value.node) if value is not None else {}
    name = process_name(options["name"], clause) if "name" in options else ""
    return {name} - {""}


def _asked(project: Project, start: StartFacts) -> Iterator[Parent]:
    found = _call_at(project, start.module, start.start)
    if found is not None and found[0].args:
        name = process_name(found[0].args[0], found[1])
        if name:
            yield Parent(name, start.path, start.start, start.end, dynamic=True)


def _call_at(project: Project, module: str, start: int) -> tuple[Call, Clause] | None:
    if module not in project.modules:
        return None
    for clause in project.module(module).all_clauses():
        if clause.node.start_byte <= start < clause.node.end_byte:
            return next(((c, clause) for c in clause.calls if c.start == start), None)
    return None
