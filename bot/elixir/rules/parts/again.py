"""Functions that call themselves: whether they do with what they were given."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function
from bot.elixir.reach import reached
from bot.elixir.rules.parts.bindings import closure_setting


def changes(call: Call, clause: Clause) -> bool:
    """Whether an argument differs from the parameter it is for: a counter, or a new look."""
    given = [text(a) for a in call.args]
    taken = [_name(p) for p in clause.params]
    kept = given == taken[: len(given)]
    if not kept or _bound_anew(clause).intersection(given):
        return True
    return any(closure_setting(name, call.node, clause) is not None for name in given)


def keeps_nothing(function: Function) -> bool:
    """Whether it only ever starts over with what it was given at first, also by way of others."""
    return not any(
        is_call_of(call, function) and changes(call, step.clause)
        for step in reached([function])
        for call in step.clause.calls
    )


def is_call_of(call: Call, function: Function) -> bool:
    """Whether it calls the function of its own module."""
    own = function.module
    return (
        call.name == function.name
        and call.module == own.name
        and own.local(call.name, call.arity) is function
    )


def _name(param: Node) -> str:
    if nodes.operator(param) in ("=", "\\\\"):
        sides = [param.child_by_field_name("left"), param.child_by_field_name("right")]
        named = [s for s in sides if s is not None and s.type == "identifier"]
        return text(named[0]) if named else ""
    return text(param)


def _bound_anew(clause: Clause) -> set[str]:
    """Variables that a match in the body gives a value; what is pinned in it keeps its own."""
    found: set[str] = set()
    for match in clause.body_bindings("="):
        left = match.child_by_field_name("left")
        names = nodes.of_type(left, "identifier") if left is not None else []
        pins = _pins(left) if left is not None else []
        found |= {text(n) for n in names if not any(nodes.contains(pin, n) for pin in pins)}
    return found


def _pins(pattern: Node) -> list[Node]:
    return [n for n in nodes.of_type(pattern, "unary_operator") if nodes.operator(n) == "^"]
