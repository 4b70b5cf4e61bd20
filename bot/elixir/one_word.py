"""Values that fit in one machine word: atoms and small numbers."""

from __future__ import annotations

import re

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import Expression, branches, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Function
from bot.elixir.project import Project
from bot.elixir.results import results

_LITERALS = ("atom", "boolean", "nil", "integer", "char")
_OPERATORS = frozenset("== != === !== < > <= >= and or not ! in + - *".split())
_NUMBERS = frozenset(
    ":erlang.phash2 :erlang.unique_integer :erlang.monotonic_time :erlang.system_time "
    "System.monotonic_time System.system_time System.os_time System.unique_integer Enum.count "
    "Enum.any? Enum.all? Enum.member? Map.has_key? String.to_atom String.to_existing_atom "
    "Kernel.node map_size length byte_size is_nil "
    "div rem abs trunc round floor ceil Integer.mod Integer.floor_div".split()
)
_TYPE = r"(?::\w+[?!]?|\d+|(?:atom|boolean|integer|module|node|\w+_integer)\(\))"
_TYPES = re.compile(rf"{_TYPE}(?:\s*\|\s*{_TYPE})*")
_MOST_STEPS = 5


def is_one_word(expression: Expression, project: Project, steps: int = 0) -> bool:
    """Whether all it can be is an atom or a number, as far as functions of the project show it."""
    node, clause = expression.node, expression.clause
    if steps > _MOST_STEPS:
        return False
    if node.type in _LITERALS or nodes.operator(node) in _OPERATORS:
        return True
    if nodes.operator(node) == "|>" and (last := node.child_by_field_name("right")) is not None:
        return is_one_word(expression.at(last), project, steps + 1)
    if nodes.operator(node) == "@":
        value = clause.function.module.value(node)
        return value is not node and is_one_word(expression.at(value), project, steps + 1)
    if node.type == "identifier":
        assigned = value_of(expression)
        return assigned is not None and is_one_word(assigned, project, steps + 1)
    chosen = branches(expression)
    if chosen:
        return all(is_one_word(branch, project, steps + 1) for branch in chosen)
    call = resolve(node, clause.function.module) if node.type == "call" else None
    if call is None:
        return False
    return call.full in _NUMBERS or _gives_one_word(call, project, steps)


def _gives_one_word(call: Call, project: Project, steps: int) -> bool:
    if call.module != call.owner.name and call.module not in project.modules:
        return False
    module = call.owner if call.module == call.owner.name else project.module(call.module)
    function = module.local(call.name, call.arity)
    if function is None:
        return False
    if _TYPES.fullmatch(_return_type(function)):
        return True
    given = [
        Expression(result, clause) for clause in function.clauses for result in results(clause)
    ]
    return bool(given) and all(is_one_word(value, project, steps + 1) for value in given)


def _return_type(function: Function) -> str:
    """What its `@spec` says it returns, as written; empty where there is none."""
    body = function.module.body
    for node in body.named_children if body is not None else ():
        if nodes.operator(node) != "@" or not text(node).startswith("@spec"):
            continue
        for spec in nodes.of_type(node, "binary_operator"):
            left, right = spec.child_by_field_name("left"), spec.child_by_field_name("right")
            if nodes.operator(spec) != "::" or left is None or right is None:
                continue
            if nodes.is_call_to(left, function.name):
                return text(right) if len(nodes.arguments(left)) == function.arity else ""
            break
    return ""
