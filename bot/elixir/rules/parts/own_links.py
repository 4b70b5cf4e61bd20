"""Processes in a server's state to which the server itself has made a link."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import BUSY, is_server, reached_from_callbacks
from bot.elixir.trapping import trap_flags


def linked_start(look: Call, clause: Clause) -> Call | None:
    """The `start_link` of the process looked at, where the server ends when that one crashes.

    The process is a field of the state, to which this server's callbacks only ever set processes
    that they start with a link; and the server traps no exits.
    """
    module = clause.function.module
    if not is_server(module) or look.runs_in or next(trap_flags(module), None) is not None:
        return None
    serving = [step.clause for step in reached_from_callbacks(module, BUSY)]
    field = _field(text(look.args[0]), clause)
    if not field or clause not in serving:
        return None
    starts = [
        _start_of(value, holder) if holder in serving else None
        for value, holder in _values(field, module)
    ]
    return starts[0] if starts and all(start is not None for start in starts) else None


def _field(name: str, clause: Clause) -> str:
    """The field of the state that a name stands for: `state.till`, or by the clause's pattern."""
    if "." in name:
        return name.rpartition(".")[2]
    pairs = (pair for param in clause.params for pair in nodes.of_type(param, "pair"))
    found = (_key(pair) for pair in pairs if nodes.text_of(pair, "value") == name)
    return next(found, "")


def _key(pair: Node) -> str:
    return nodes.text_of(pair, "key").strip().rstrip(":")


def _values(field: str, module: Module) -> Iterator[tuple[Node, Clause]]:
    """Whatever functions of the module set the field to, but for `nil`."""
    for clause in module.clauses_with(f"{field}:".encode()):
        for pair in nodes.of_type(clause.body, "pair") if clause.body is not None else ():
            value = pair.child_by_field_name("value")
            if value is not None and _key(pair) == field and value.type != "nil":
                yield value, clause


def _start_of(value: Node, clause: Clause) -> Call | None:
    """The `start_link` that a variable's process comes from."""
    matches = [*operations(clause.node, "="), *operations(clause.node, "<-")]
    for match in matches if value.type == "identifier" else ():
        left, right = match.child_by_field_name("left"), match.child_by_field_name("right")
        if left is None or right is None or text(value) not in nodes.identifiers(left):
            continue
        start = resolve(right, clause.function.module) if right.type == "call" else None
        if start is not None and start.name == "start_link" and not start.runs_in:
            return start
    return None
