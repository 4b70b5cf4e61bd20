"""Whether a pattern can match a value, as far as both are written out."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Module
from bot.elixir.nodes import text

_KINDS = {
    "atom": "atom", "quoted_atom": "atom", "nil": "atom", "boolean": "atom", "alias": "atom",
    "integer": "number", "float": "number", "char": "number",
    "string": "binary", "bitstring": "binary",
    "list": "list", "charlist": "list", "keywords": "list",
    "tuple": "tuple", "map": "map",
}  # fmt: skip


def can_match(pattern: Node, value: Node, module: Module) -> bool:
    """Whether the two can be the same term; only what is written out can tell them apart.

    Names, pins, calls and guards stand for anything; lists and maps are not looked into.
    """
    pattern, value = module.value(pattern), module.value(value)
    for node, other in ((pattern, value), (value, pattern)):
        if nodes.operator(node) == "=":
            sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
            return all(side is None or can_match(side, other, module) for side in sides)
    kind = _KINDS.get(pattern.type, "")
    if not kind or pattern.has_error or value.type not in _KINDS:
        return True
    if kind != _KINDS[value.type]:
        return False
    if kind in ("atom", "number"):
        return _same(pattern, value, module)
    if kind == "tuple":
        left, right = _elements(pattern), _elements(value)
        return len(left) == len(right) and all(
            can_match(a, b, module) for a, b in zip(left, right, strict=True)
        )
    return (
        kind != "binary" or not (_plain(pattern) and _plain(value)) or text(pattern) == text(value)
    )


def surely_matches(pattern: Node, value: Node, module: Module) -> bool:
    """Whether the value matches whatever its names stand for, as far as both are written out.

    The names of the pattern must differ: one that stands twice asks for equal values.
    """
    pattern, value = module.value(pattern), module.value(value)
    if nodes.operator(pattern) == "=":
        sides = (pattern.child_by_field_name("left"), pattern.child_by_field_name("right"))
        return all(side is not None and surely_matches(side, value, module) for side in sides)
    if pattern.type == "identifier":
        return not text(pattern).startswith("__")
    if pattern.type != value.type:
        return False
    if pattern.type == "tuple":
        left, right = _elements(pattern), _elements(value)
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(surely_matches(a, b, module) for a, b in pairs)
    if pattern.type == "map":
        return _covers(pattern, value, module)
    return pattern.type in ("atom", "integer", "boolean", "nil") and text(pattern) == text(value)


def _covers(pattern: Node, value: Node, module: Module) -> bool:
    """Whether a map has all that a pattern asks of it: the struct, the keys and their values."""
    structs = [next((text(c) for c in n.named_children if c.type == "struct"), "")
               for n in (pattern, value)]  # fmt: skip
    content = next((c for c in pattern.named_children if c.type == "map_content"), None)
    if structs[0] not in ("", structs[1]) or (
        content is not None and any(c.type != "keywords" for c in content.named_children)
    ):
        return False
    wanted, given = nodes.keyword_pairs(pattern), nodes.keyword_pairs(value)
    return all(k in given and surely_matches(v, given[k], module) for k, v in wanted.items())


def is_tagged(value: Node, module: Module) -> bool:
    """Whether a message is an atom, or a tuple that begins with one."""
    value = module.value(value)
    first = _elements(value)[:1] if value.type == "tuple" else [value]
    return any(_KINDS.get(module.value(node).type) == "atom" for node in first)


def _same(pattern: Node, value: Node, module: Module) -> bool:
    resolve = module.scope.resolve
    names = [resolve(n) if n.type == "alias" else text(n) for n in (pattern, value)]
    return names[0] == names[1] or "interpolation" in {
        c.type for n in (pattern, value) for c in n.named_children
    }


def _elements(node: Node) -> list[Node]:
    return [c for c in node.named_children if c.type != "comment"]


def _plain(node: Node) -> bool:
    return node.type == "string" and all(c.type == "quoted_content" for c in node.named_children)
