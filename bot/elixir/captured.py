"""What an anonymous function takes along from the code around it."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text

_BINDS = ("=", "<-", "->")


@dataclass(frozen=True, eq=False)
class Captured:
    """One variable of the surrounding code by how the function uses it."""

    name: str
    fields: tuple[str, ...]
    """Names of the fields read from it, in source order; empty where it is used as a whole."""
    first: Node
    """Its first use."""


def captured(function: Node) -> list[Captured]:
    """Variables from outside that the function uses; names that it binds itself are left out."""
    own = _bound(function)
    uses: dict[str, list[Node]] = {}
    for node in nodes.of_type(function, "identifier"):
        if text(node) not in own and _is_variable(node):
            uses.setdefault(text(node), []).append(node)
    return [Captured(name, _fields(found), found[0]) for name, found in uses.items()]


def _bound(function: Node) -> set[str]:
    patterns = [p for stab in nodes.of_type(function, "stab_clause") for p in _left(stab)]
    matches = (n for n in nodes.of_type(function, "binary_operator") if nodes.operator(n) in _BINDS)
    return {name for p in [*patterns, *(m for n in matches for m in _left(n))]
            for name in nodes.identifiers(p)}  # fmt: skip


def _left(node: Node) -> list[Node]:
    left = node.child_by_field_name("left")
    return [left] if left is not None else []


def _is_variable(node: Node) -> bool:
    """Whether it is neither a function's name nor a field's."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "dot":
        left = parent.child_by_field_name("left")
        return left is not None and left.id == node.id
    target = parent.child_by_field_name("target") if parent.type == "call" else None
    return target is None or target.id != node.id


def _fields(found: list[Node]) -> tuple[str, ...]:
    fields = [_field(node) for node in found]
    return tuple(dict.fromkeys(fields)) if all(fields) else ()


def _field(node: Node) -> str:
    """The field read by `variable.field`; empty for any other use, also `module.function()`."""
    dot = node.parent
    access = dot.parent if dot is not None and dot.type == "dot" else None
    if dot is None or access is None or access.type != "call":
        return ""
    called = any(child.type in ("arguments", "do_block") for child in access.named_children)
    right = dot.child_by_field_name("right")
    return "" if called or right is None or right.type != "identifier" else text(right)
