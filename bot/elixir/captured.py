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
    """Fields read from it, in source order, each as far as it is gone into: `assigns.user`; empty
    where it is used as a whole."""
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
    fields = dict.fromkeys(_field(node) for node in found)
    if "" in fields:
        return ()
    # What is used whole holds what is gone into elsewhere.
    return tuple(f for f in fields if not any(f.startswith(f"{whole}.") for whole in fields))


def _field(node: Node) -> str:
    """What `variable.field.inner` reads; empty for any other use, also `module.function()`."""
    path = []
    read: Node | None = node
    while read is not None and (dot := _reading(read)) is not None:
        path.append(nodes.text_of(dot, "right"))
        read = dot.parent
    return ".".join(path)


def _reading(node: Node) -> Node | None:
    """The dot where `node.field` reads a field of the node."""
    dot = node.parent
    access = dot.parent if dot is not None and dot.type == "dot" else None
    if dot is None or access is None or access.type != "call":
        return None
    left, right = dot.child_by_field_name("left"), dot.child_by_field_name("right")
    called = any(child.type in ("arguments", "do_block") for child in access.named_children)
    read = left is not None and left.id == node.id and right is not None
    return dot if read and not called and right is not None and right.type == "identifier" else None
