"""Which process an expression names, as far as source shows: a registered name, or `self()`."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.child_specs import is_module
from bot.elixir.expressions import Expression, value_of
from bot.elixir.module import Clause, Function, Module
from bot.elixir.nodes import text

SELF = "self()"
Bound = Mapping[str, str]
"""Processes by the name of the parameter that holds them."""
NOTHING: Bound = {}
_LOOKS_UP = ("Process.whereis", "GenServer.whereis")
_MOST_STEPS = 4


def process_name(
    node: Node, clause: Clause, bound: Bound = NOTHING, steps: int = _MOST_STEPS
) -> str:
    """The registered name, `self()`, or nothing where only run time knows."""
    module = clause.function.module
    node = module.value(node)
    if node.type == "atom" or is_module(node):
        return "" if text(node) in ("nil", ":undefined") else module.scope.resolve(node)
    if node.type == "identifier" and text(node) in bound:
        return bound[text(node)]
    if not steps:
        return ""
    if node.type == "identifier":
        value = value_of(Expression(node, clause))
        if value is not None:
            return process_name(value.node, clause, bound, steps - 1)
    return _of_call(node, clause, bound, steps) if node.type in ("call", "identifier") else ""


def _of_call(node: Node, clause: Clause, bound: Bound, steps: int) -> str:
    if nodes.is_call_to(node, "self") and not nodes.arguments(node):
        return SELF
    if nodes.is_call_to(node, *_LOOKS_UP) and nodes.arguments(node):
        return process_name(nodes.arguments(node)[0], clause, bound, steps - 1)
    function = _own_function(node, clause.function.module)
    if function is None or len(function.clauses) != 1:
        return ""
    last = function.clauses[0].statements()[-1:]
    return process_name(last[0], function.clauses[0], NOTHING, steps - 1) if last else ""


def _own_function(node: Node, module: Module) -> Function | None:
    """The function without parameters that a call asks, written with parentheses or without."""
    if node.type == "identifier":
        return module.local(text(node), 0)
    call = resolve(node, module)
    own = call is not None and call.module == module.name and not call.args
    return module.local(call.name, 0) if call is not None and own else None


def may_name(start: Call) -> bool:
    """Whether a call that starts a server can give it a name."""
    if start.module.startswith(":"):
        return start.arity > 3
    if start.arity < 3:
        return False
    options = start.args[-1]
    return options.type not in ("keywords", "list") or "name" in nodes.keyword_pairs(options)


def parameter_names(clause: Clause, given: Mapping[int, str], arity: int) -> dict[str, str]:
    """Processes by parameter, for a call of that arity given them at those positions.

    Default values count where all of them apply.
    """
    function = clause.function
    names = {i: _parameter(p) for i, p in enumerate(clause.params)}
    if arity == function.arity:
        return {names[i]: name for i, name in given.items() if names.get(i)}
    if arity != function.min_arity:
        return {}
    bound: dict[str, str] = {}
    place = 0
    for param in clause.params:
        if nodes.operator(param) == "\\\\":
            default = param.child_by_field_name("right")
            name = process_name(default, clause) if default is not None else ""
            bound |= {_parameter(param): name} if name else {}
            continue
        if place in given:
            bound[_parameter(param)] = given[place]
        place += 1
    return {parameter: name for parameter, name in bound.items() if parameter}


def _parameter(param: Node) -> str:
    if nodes.operator(param) == "\\\\":
        return nodes.text_of(param, "left")
    return text(param) if param.type == "identifier" else ""
