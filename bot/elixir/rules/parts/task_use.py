"""What becomes of the value of `Task.async`: kept, given to another module, or dropped."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause

_OF_VALUES = frozenset(
    "Enum Map Keyword List MapSet Stream Tuple Access Kernel IO Logger Task Process".split()
)
"""Modules whose functions give back what they are given, or await nothing."""


def is_kept(task: Call) -> bool:
    """Whether the value is used at all: the task is no statement of its own."""
    around = task.node.parent
    return around is not None and around.type not in ("do_block", "body", "stab_clause")


def hands_on_task(task: Call, clause: Clause) -> bool:
    """Whether a function of another module is given the task, alone or with something else."""
    match = next((a for a in nodes.ancestors(task.node) if nodes.operator(a) == "="), None)
    name = nodes.text_of(match, "left") if match is not None else ""
    return any(
        part.id == task.node.id or (name.isidentifier() and text(part) == name)
        for call in clause.calls
        if _is_elsewhere(call) and call.start != task.start
        for arg in call.args
        for part in _parts(arg)
    )


def _parts(value: Node) -> Iterator[Node]:
    """A value, or what a tuple or a list of them holds."""
    if value.type not in ("tuple", "list"):
        yield value
        return
    for part in value.named_children:
        yield from _parts(part)


def _is_elsewhere(call: Call) -> bool:
    foreign = call.module not in ("", call.owner.name)
    return foreign and call.module not in _OF_VALUES
