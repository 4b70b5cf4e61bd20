"""Buffers: what gathers in a field of a server until a message makes it empty it."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.expressions import assignments
from bot.elixir.module import Clause, Module
from bot.elixir.reach import reached

_EMPTY = frozenset({"[]", "%{}", ":queue.new()", "MapSet.new()"})
_REARRANGES = frozenset(
    "Enum List Map MapSet Keyword Kernel Stream :queue :lists :maps Logger".split()
)


def is_flushed(field: str, module: Module) -> bool:
    """Whether what a timer or another message of the server sets off hands the field's content on,
    and leaves the field empty.
    """
    origin = module.functions.get(("handle_info", 2))
    steps = reached([origin]) if origin is not None and field else []
    return any(
        _empties(step.clause, field) and _hands_on(step.clause, field)
        for step in steps
        if step.clause.mentions(field.encode())
    )


def _empties(clause: Clause, field: str) -> bool:
    pairs = nodes.of_type(clause.body, "pair") if clause.body is not None else []
    return any(
        nodes.text_of(pair, "key").strip().rstrip(":") == field
        and nodes.text_of(pair, "value") in _EMPTY
        for pair in pairs
    )


def _hands_on(clause: Clause, field: str) -> bool:
    """Whether a call that does more than rearrange is given the field, or what is made of it."""
    return any(
        call.module not in _REARRANGES and any(_holds(arg, clause, field) for arg in call.args)
        for call in clause.calls
    )


def _holds(argument: Node, clause: Clause, field: str) -> bool:
    return any(_is_it(n, field) for n in nodes.walk(argument)) or any(
        _is_it(node, field)
        for name in nodes.identifiers(argument)
        for value in assignments(name, clause)
        for node in nodes.walk(value)
    )


def _is_it(node: Node, field: str) -> bool:
    """Whether it is `state.field`."""
    right = nodes.text_of(node, "right") if node.type == "dot" else ""
    return right == field
