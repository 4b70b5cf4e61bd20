"""Clauses that are for one time in a server's life: a field is empty before and full after."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module

_EMPTY = ("nil", "false")


def goes_once(clause: Clause) -> bool:
    """Whether it is only taken where a field of the state is empty, sets that field, and no other
    code of the module empties it.
    """
    fields = set(_empty_fields(clause)) & set(_set_fields(clause.body))
    return any(not _is_emptied(field, clause.function.module) for field in fields)


def _empty_fields(clause: Clause) -> Iterator[str]:
    """Fields that the head of the clause asks to be empty."""
    refused = set(_refused(clause.guard)) if clause.guard is not None else set()
    for param in clause.params:
        for key, value in _pairs(param):
            if value in _EMPTY or value in refused:
                yield key


def _refused(guard: Node) -> Iterator[str]:
    """Variables that a guard asks to be empty: `is_nil(x)`, `x == nil`, `not x`, and `not
    is_set(x)` by a guard of the project's own.
    """
    for call in nodes.of_type(guard, "call"):
        above = call.parent
        negated = above is not None and nodes.operator(above) in ("not", "!")
        if nodes.is_call_to(call, "is_nil") != negated and len(nodes.arguments(call)) == 1:
            yield text(nodes.arguments(call)[0])
    for test in operations(guard, "=="):
        if nodes.text_of(test, "right") in _EMPTY:
            yield nodes.text_of(test, "left")
    for test in nodes.of_type(guard, "unary_operator"):
        if nodes.operator(test) == "not":
            yield nodes.text_of(test, "operand")


def _set_fields(body: Node | None) -> Iterator[str]:
    for update in operations(body, "|") if body is not None else ():
        yield from (key for key, value in _pairs(update) if value not in _EMPTY)


def _is_emptied(field: str, module: Module) -> bool:
    """Whether some update of a map gives the field nothing again."""
    return any(
        key == field and value in _EMPTY
        for clause in module.clauses_with(field.encode())
        for update in (operations(clause.body, "|") if clause.body is not None else ())
        for key, value in _pairs(update)
    )


def _pairs(node: Node) -> Iterator[tuple[str, str]]:
    for pair in nodes.of_type(node, "pair"):
        yield nodes.text_of(pair, "key").strip().rstrip(":"), nodes.text_of(pair, "value")
