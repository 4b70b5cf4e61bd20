"""How a call is written: its arguments, with what is piped into it, and whether it is captured."""

from __future__ import annotations

from typing import NamedTuple

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text


class Written(NamedTuple):
    """What stands round a call's name."""

    args: list[Node]
    """With the piped value in first place; keywords are one trailing node."""
    arity: int
    captured: bool = False
    piped: bool = False


def written(node: Node) -> Written:
    """It of a call node; `&Mod.fun/2` has no arguments, and the arity that it names."""
    args = nodes.arguments(node)
    parent = node.parent
    around = nodes.operator(parent) if parent is not None else ""
    piped = _piped_value(node, parent) if parent is not None and around == "|>" else None
    if piped is not None:
        args = [piped, *args]
    arity = len(args) + (nodes.do_block(node) is not None)
    if parent is not None and around == "/":
        named = _captured_arity(parent)
        if named is not None:
            return Written(args, named, captured=True)
    return Written(args, arity, piped=piped is not None)


def _piped_value(node: Node, parent: Node) -> Node | None:
    right = parent.child_by_field_name("right")
    if right is None or right.id != node.id:
        return None
    left = parent.child_by_field_name("left")
    if left is not None and nodes.operator(left) == "|>":
        return left.child_by_field_name("right")
    return left


def _captured_arity(parent: Node) -> int | None:
    """`&Mod.fun/2` holds a call without arguments left of `/`."""
    if parent.parent is None or nodes.operator(parent.parent) != "&":
        return None
    right = parent.child_by_field_name("right")
    return arity_of(right) if right is not None and right.type == "integer" else None


def arity_of(number: Node) -> int:
    """The number right of the `/`."""
    return int(text(number).replace("_", ""))
