"""Whether a call into a server reads what a field of its state keeps."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import can_match
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import reached_from
from bot.elixir.ways import ways

_COUNTS = frozenset(
    {"length", "map_size", "tuple_size", "Kernel.length", "Kernel.map_size", "Enum.count",
     "Enum.empty?", "MapSet.size", ":queue.len", ":queue.is_empty"}
)  # fmt: skip
"""Calls whose result says how many there are."""


def is_read_of(read: Call, fields: set[str], module: Module) -> bool:
    """Whether the clause for the request speaks of a field that is written, as far as both show."""
    answers = module.functions.get(("handle_call", 3))
    if answers is None or read.module == "Agent" or len(read.args) < 2:
        return True
    taking = [c for c in answers.clauses if can_match(c.params[0], read.args[1], module)]
    taking = [c for c in taking if _may_tell(c)]
    if "" in fields:
        return bool(taking)
    words = [field.encode() for field in fields]
    steps = reached_from(answers, taking)
    return any(_reads(step.clause, words) for step in steps) or any(map(_reads_all, taking))


def _reads(clause: Clause, words: list[bytes]) -> bool:
    """Whether a clause speaks of one of the fields, and not only to count what it holds."""
    if not clause.mentions(*words):
        return False
    source, node = clause.function.module.source, clause.node
    counted = [
        (call.args[0].start_byte, call.args[0].end_byte)
        for call in clause.calls
        if call.full in _COUNTS and call.arity == 1 and call.args
    ]
    return any(
        node.start_byte <= at < node.end_byte
        and not source.in_comment(at)
        and not any(start <= at < end for start, end in counted)
        for at in source.places(*words)
    )


def _may_tell(clause: Clause) -> bool:
    """Whether an answer may hold something of the state, and is not the same each time."""
    asked = set(nodes.identifiers(clause.params[0]))
    for way in ways(clause):
        told = [n for n in way.result.named_children if n.type != "comment"][1:2]
        if way.tag != ":reply" or any(_is_made(n, asked) for n in told):
            return True
    return False


def _is_made(told: Node, asked: set[str]) -> bool:
    """Whether an answer is neither fixed nor what the request itself brought."""
    return bool(nodes.of_type(told, "call") or set(nodes.identifiers(told)) - asked)


def _reads_all(clause: Clause) -> bool:
    """Whether an answer is made of the whole state, and not only of fields that are named."""
    state = clause.params[-1]
    if state.type != "identifier":
        return True
    whole = re.compile(rf"\b{re.escape(text(state))}\b(?!\.[a-z])")
    return any(
        whole.search(text(node)) is not None
        for way in ways(clause)
        for node in (*way.passed, *way.result.named_children[1:-1])
    )
