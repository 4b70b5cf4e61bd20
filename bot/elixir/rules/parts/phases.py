"""Servers that are state machines by hand: what they do with a message depends on one field."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module

_CALLBACKS = (("handle_call", 3), ("handle_cast", 2), ("handle_info", 2), ("handle_continue", 2))
_FEWEST_PHASES = 3
"""Of two, the field is a flag."""
_NO_PHASES = ("nil", "true", "false")


def has_phases(module: Module) -> bool:
    """Whether at least half of its callbacks' clauses take a message only where the same field of
    the state holds a certain atom, or a tuple that begins with one, out of three or more.
    """
    clauses = [
        clause
        for key in _CALLBACKS
        if (function := module.functions.get(key)) is not None
        for clause in function.clauses
        if clause.params
    ]
    asking: dict[str, int] = {}
    phases: dict[str, set[str]] = {}
    for clause in clauses:
        found = dict(_phases(clause))
        for field, phase in found.items():
            asking[field] = asking.get(field, 0) + 1
            phases.setdefault(field, set()).add(phase)
    return any(
        2 * asking[field] >= len(clauses) and len(phases[field]) >= _FEWEST_PHASES
        for field in asking
    )


def _phases(clause: Clause) -> Iterator[tuple[str, str]]:
    """The fields that the state is matched by, in the head or as the first thing, with the atom."""
    for pattern in _patterns(clause):
        for pair in nodes.of_type(pattern, "pair"):
            value = pair.child_by_field_name("value")
            if value is not None and value.type == "tuple":
                value = next(iter(value.named_children), None)
            phase = text(value) if value is not None and value.type == "atom" else ""
            if phase and phase not in _NO_PHASES:
                yield nodes.text_of(pair, "key").strip().rstrip(":"), phase


def _patterns(clause: Clause) -> Iterator[Node]:
    state = clause.params[-1]
    yield state
    for statement in clause.statements()[:1]:
        for match in operations(statement, "="):
            left, right = match.child_by_field_name("left"), nodes.text_of(match, "right")
            if left is not None and left.type == "map" and right == text(state):
                yield left
