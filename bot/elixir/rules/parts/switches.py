"""Settings that decide whether code runs at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import Expression, value_of
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.settings import Setting, read

_CHOICES = ("if", "unless", "case")


def switch_before(calls: Iterable[Call]) -> Setting | None:
    """The first setting that a choice around one of some calls asks for."""
    for call in calls:
        clause = call.owner.clause_at(call.start)
        for around in nodes.ancestors(call.node) if clause is not None else ():
            if clause is None or around.id == clause.node.id:
                break
            if nodes.is_call_to(around, *_CHOICES):
                found = next(_asked(around, clause), None)
                if found is not None:
                    return found
    return None


def _asked(choice: Node, clause: Clause) -> Iterator[Setting]:
    """Settings of the application that the condition reads, itself or by a variable."""
    for condition in nodes.arguments(choice)[:1]:
        names = [n for n in nodes.of_type(condition, "identifier") if text(n).isidentifier()]
        values = [value_of(Expression(name, clause)) for name in names]
        for part in (condition, *(value.node for value in values if value is not None)):
            for call in calls_in(part, clause.function.module):
                setting = read(call)
                if setting is not None and setting.store == "application":
                    yield setting
