"""Which nodes of a syntax tree are calls, captures and functions, whatever they mean."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes

CALLS = ("call", "unary_operator", "anonymous_function")
"""Types of the nodes that hold them."""


def calls_and_captures(node: Node) -> tuple[list[Node], list[Node], list[Node]]:
    """The calls within a node, the `name/1` of each `&name/1`, and all that could be functions."""
    found = nodes.of_type(node, *CALLS)
    calls = [n for n in found if n.type == "call"]
    if len(calls) == len(found):
        return calls, [], []
    functions = [
        n for n in found if n.type == "anonymous_function" or (n.type != "call" and _captures(n))
    ]
    operands = [n.child_by_field_name("operand") for n in functions]
    return calls, [n for n in operands if n is not None and _is_name_and_arity(n)], functions


def _captures(node: Node) -> bool:
    return nodes.operator(node) == "&"


def _is_name_and_arity(node: Node) -> bool:
    sides = [side.type for side in node.named_children]
    return nodes.operator(node) == "/" and sides == ["identifier", "integer"]
