"""Processes that one function or one server starts for itself."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.normal_end import own_end
from bot.elixir.trapping import is_self

_ASKS = frozenset(
    f"{module}.{name}"
    for module in ("GenServer", "GenStage", "GenStateMachine", ":gen_server", ":gen_statem")
    for name in ("call", "cast")
)


def does_one_job(start: Call, clause: Clause, target: Module) -> bool:
    """Whether the function keeps the pid for itself and asks the process, which then ends itself.

    Told by `{:stop, :normal, ...}` in the callbacks of the started module.
    """
    name = _bound_pid(start)
    if not name or "name" in start.keywords() or own_end(target) is None:
        return False
    asked = any(
        (call.full in _ASKS or (call.module == target.name and call.full != start.full))
        and call.start > start.start
        and any(text(argument) == name for argument in call.args)
        for call in clause.calls
    )
    return asked and not _given_away(name, clause)


def takes_starter(start: Call, clause: Clause) -> bool:
    """Whether the started process is given the pid of the one that starts it."""
    return any(
        is_self(Expression(node, clause))
        for argument in start.args
        for node in nodes.of_type(argument, "call", "identifier")
    )


def _bound_pid(start: Call) -> str:
    """The variable of `{:ok, pid} = start`."""
    match = start.statement.parent
    left = match.child_by_field_name("left") if match is not None else None
    if match is None or left is None or nodes.operator(match) != "=" or left.type != "tuple":
        return ""
    parts = left.named_children
    return text(parts[1]) if len(parts) == 2 and parts[1].type == "identifier" else ""


def _given_away(name: str, clause: Clause) -> bool:
    """Whether the function's value holds the variable, other than as what a call is given."""
    return any(
        text(node) == name and not _is_argument(node, last)
        for last in clause.statements()[-1:]
        for node in nodes.of_type(last, "identifier")
    )


def _is_argument(node: Node, within: Node) -> bool:
    return any(
        above.type == "arguments"
        for above in nodes.ancestors(node)
        if nodes.contains(within, above)
    )
