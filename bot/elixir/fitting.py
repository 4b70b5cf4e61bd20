"""Whether a way of calls can be gone: what one call gives may rule out the place of the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import assignments
from bot.elixir.matching import can_match
from bot.elixir.module import Clause
from bot.elixir.nodes import text


def fits(way: Sequence[Call]) -> bool:
    """Whether each call of a way can be come to with what the call before it gives."""
    return all(_comes_to(later, before) for before, later in pairwise(way))


def _comes_to(later: Call, before: Call) -> bool:
    clause = next(
        (c for c in later.owner.all_clauses() if nodes.contains(c.node, later.node)), None
    )
    if clause is None or before.captured or len(before.args) != len(clause.params):
        return True
    given = {
        text(param): before.owner.value(arg)
        for param, arg in zip(clause.params, before.args, strict=True)
        if param.type == "identifier" and not list(assignments(text(param), clause))
    }
    return all(
        can_match(pattern, given[text(value)], later.owner)
        for pattern, value in _conditions(later.node, clause)
        if text(value) in given
    )


def _conditions(node: Node, clause: Clause) -> Iterator[tuple[Node, Node]]:
    """The patterns that have to match before a node runs, each with the value it is held to."""
    for around in nodes.ancestors(node):
        if not nodes.contains(clause.node, around):
            return
        if nodes.is_call_to(around, "with"):
            yield from _of_with(around, node)
        elif around.type == "stab_clause":
            block = around.parent
            call = block.parent if block is not None and block.type == "do_block" else None
            patterns = nodes.clause_patterns(around)
            if call is not None and nodes.is_call_to(call, "case") and len(patterns) == 1:
                yield from ((patterns[0], value) for value in nodes.arguments(call)[:1])


def _of_with(call: Node, node: Node) -> Iterator[tuple[Node, Node]]:
    block = nodes.do_block(call)
    parts = block.named_children if block is not None else ()
    if any(p.type == "else_block" and nodes.contains(p, node) for p in parts):
        return
    for step in nodes.arguments(call):
        left, right = step.child_by_field_name("left"), step.child_by_field_name("right")
        before = nodes.operator(step) == "<-" and step.end_byte <= node.start_byte
        if before and left is not None and right is not None:
            yield left, right
