"""Branches of one decision, of which only one is taken."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes

_DECIDE = ("if", "unless", "case", "cond", "receive")
_BRANCHES = ("stab_clause", "else_block", "after_block")


def on_other_ways(one: Node, other: Node) -> bool:
    """Whether a decision around both takes only one of the two."""
    return any(
        _branch(block, one) != _branch(block, other)
        and nodes.contains(block, one)
        and nodes.contains(block, other)
        for call in nodes.ancestors(one)
        if nodes.is_call_to(call, *_DECIDE)
        for block in [nodes.do_block(call)]
        if block is not None
    )


def _branch(block: Node, place: Node) -> int:
    """Which branch of a decision's block a place is in: a clause, the `else`, or what is first."""
    branches = (p for p in block.named_children if p.type in _BRANCHES)
    return next((p.id for p in branches if nodes.contains(p, place)), 0)
