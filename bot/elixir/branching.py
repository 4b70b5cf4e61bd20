"""Whether two pieces of code run together, one of them only if something is the case, or only one
of them at all.
"""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.definition import DEFINITIONS

_BRANCHING = ("if", "unless", "case", "cond", "with", "for", "try", "receive")
_BRANCHES = frozenset(
    {"stab_clause", "else_block", "rescue_block", "catch_block", "anonymous_function"}
)
_DECIDES = ("if", "unless", "case", "cond", "receive")
"""Constructs that run one of their branches."""
_SHORT_CUTS = frozenset({"&&", "||", "and", "or"})


def is_conditional(node: Node, top: Node) -> bool:
    """Whether the node, or something between it and `top`, runs only in some cases."""
    current: Node | None = node
    while current is not None and current.id != top.id:
        if _is_branch(current):
            return True
        current = current.parent
    return False


def run_together(one: Node, other: Node) -> bool:
    """Whether what runs the one runs the other: neither stands in a branch of its own.

    Nobody says here whether two functions, or two clauses of one, run both: they do not.
    """
    top = _common(one, other)
    if top is None:
        return False
    return not is_conditional(one, top) and not is_conditional(other, top)


def on_other_ways(one: Node, other: Node) -> bool:
    """Whether a decision runs only one of the two: they stand in different branches of it."""
    top = _common(one, other)
    if top is None or top.type not in ("do_block", "keywords"):
        return False
    decision = next(nodes.ancestors(top), None)
    if decision is not None and decision.type == "arguments":
        decision = decision.parent
    if decision is None or not nodes.is_call_to(decision, *_DECIDES):
        return False
    holding = (c for c in top.named_children if nodes.contains(c, one) or nodes.contains(c, other))
    return top.type == "keywords" or any(child.type in _BRANCHES for child in holding)


def _common(one: Node, other: Node) -> Node | None:
    around = one.parent
    while around is not None and not nodes.contains(around, other):
        around = around.parent
    return around


def _is_branch(node: Node) -> bool:
    if node.type in _BRANCHES or nodes.operator(node) in _SHORT_CUTS:
        return True
    if node.type == "pair":
        return nodes.text_of(node, "key").strip() in ("do:", "else:")
    return nodes.is_call_to(node, *_BRANCHING, *DEFINITIONS)
