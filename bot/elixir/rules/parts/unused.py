"""Values that nobody takes."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.outline import Module

_BLOCKS = ("do_block", "body", "block", "else_block", "rescue_block", "catch_block")
_BRANCHING = ("if", "unless", "case", "cond", "with", "try")


def unused(node: Node, module: Module) -> bool:
    """Whether the value of an expression goes nowhere: the next statement follows, or
    `Enum.each` throws it away. Branches are as unused as what they are branches of."""
    while True:
        parent = node.parent
        if parent is None:
            return False
        if parent.type == "after_block":
            return True
        if parent.type in _BLOCKS and not _is_last(node, parent):
            return True
        outer = _of_branching(parent)
        if outer is None:
            return _given_to_each(parent, module)
        if parent.type not in (*_BLOCKS, "stab_clause", "pair"):
            return False
        node = outer


def _is_last(node: Node, block: Node) -> bool:
    inside = nodes.statements(block)
    return not inside or inside[-1].id == node.id or node.type == "stab_clause"


def _of_branching(node: Node) -> Node | None:
    """The `if`, `case`, ... whose branch ends in the node; `None` outside of one."""
    above: Node | None = node
    while above is not None and above.type in (*_BLOCKS, "stab_clause", "pair", "keywords"):
        above = above.parent
    if above is not None and above.type == "arguments":
        above = above.parent
    return above if above is not None and nodes.is_call_to(above, *_BRANCHING) else None


def _given_to_each(node: Node, module: Module) -> bool:
    """Whether it is the last value of a function that `Enum.each` runs."""
    above: Node | None = node
    while above is not None and above.type in ("body", "stab_clause"):
        above = above.parent
    if above is None or not (above.type == "anonymous_function" or nodes.operator(above) == "&"):
        return False
    call = above.parent.parent if above.parent is not None else None
    taker = resolve(call, module) if call is not None and call.type == "call" else None
    return taker is not None and taker.full == "Enum.each"
