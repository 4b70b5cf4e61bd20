"""Processes that one function or one server starts for itself."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.parts.normal_end import own_end
from bot.elixir.trapping import is_self

_ASKS = frozenset(
    f"{module}.{name}"
    for module in ("GenServer", "GenStage", "GenStateMachine", ":gen_server", ":gen_statem")
    for name in ("call", "cast")
)
_PUTS = ("Keyword.put", "Keyword.put_new", "Map.put")
_MOST_STEPS = 4


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
    return any(_holds_self(Expression(argument, clause)) for argument in start.args)


def _holds_self(value: Expression, steps: int = _MOST_STEPS) -> bool:
    """Whether `self()` is a part of it, also by the variables that it is made of."""
    for node in nodes.of_type(value.node, "call", "identifier"):
        if is_self(value.at(node)):
            return True
        made = value_of(value.at(node)) if node.type == "identifier" and steps else None
        if made is not None and _holds_self(made, steps - 1):
            return True
    return False


def start_takes_starter(start: Call, target: Module) -> bool:
    """Whether the function that starts it, which its starter runs, takes `self()` along."""
    function = target.local(start.name, start.arity) if start.module == target.name else None
    return function is not None and any(
        takes_starter(call, clause)
        for clause in function.clauses
        for call in clause.calls
        if call.name == start.name and call.module != target.name
    )


def asks_by_name(start: Call, clause: Clause) -> bool:
    """Whether the same clause asks the process by the name that it is started with."""
    names = [node for argument in start.args for node in _names(argument)]
    given = {text(node) for node in names}
    return any(
        call.full in _ASKS
        and call.start > start.start
        and call.args
        and text(call.args[0]) in given
        for call in clause.calls
    )


def _names(options: Node) -> list[Node]:
    """What stands for `name:` in options, or is put there."""
    written = nodes.keyword_pairs(options).get("name")
    if written is not None:
        return [written]
    given = nodes.arguments(options) if nodes.is_call_to(options, *_PUTS) else []
    return given[2:3] if len(given) == 3 and text(given[1]) == ":name" else []


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
