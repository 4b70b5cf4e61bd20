"""Loops that compare with a limit and fail where it has passed, or when a message says so."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.outline import Clause

_ORDERS = ("<", ">", "<=", ">=")
_FAILURES = ("raise", "reraise", "flunk", "exit", "throw")


def gives_up(again: Call, clause: Clause) -> bool:
    """Whether a comparison with a parameter decides between another look and a failure."""
    params = {name for param in clause.params for name in nodes.identifiers(param)}
    return any(
        _orders(condition) & params
        for branching in nodes.ancestors(again.node)
        if nodes.is_call_to(branching, "if", "unless", "cond")
        and nodes.contains(clause.node, branching)
        for condition, other in _other_ways(branching, again.node)
        if _fails(other)
    )


def is_told_to(again: Call) -> bool:
    """Whether the `receive` after which it looks again takes a message that makes it fail."""
    for around in nodes.ancestors(again.node):
        if nodes.is_call_to(around, "receive"):
            return any(
                _fails(stab) and not nodes.contains(stab, again.node)
                for stab in nodes.clauses(nodes.do_block(around))
            )
    return False


def _other_ways(branching: Node, taken: Node) -> Iterator[tuple[Node, Node]]:
    """Conditions of an `if` or a `cond`, each with a branch on which the place is not."""
    block = nodes.do_block(branching)
    if block is None:
        return
    if nodes.is_call_to(branching, "cond"):
        for stab in nodes.clauses(block):
            for condition in () if nodes.contains(stab, taken) else nodes.clause_patterns(stab):
                yield condition, stab
        return
    condition = nodes.arguments(branching)[0]
    otherwise = [c for c in block.named_children if c.type == "else_block"]
    inside = [c for c in otherwise if nodes.contains(c, taken)]
    for part in [*nodes.statements(block)[-1:]] if inside else otherwise:
        yield condition, part


def _orders(condition: Node) -> set[str]:
    """Names that a condition compares by their order."""
    found = [n for n in nodes.of_type(condition, "binary_operator") if nodes.operator(n) in _ORDERS]
    return {name for n in found for name in nodes.identifiers(n)}


def _fails(branch: Node) -> bool:
    return any(nodes.is_call_to(n, *_FAILURES) for n in nodes.of_type(branch, "call"))
