"""Names of nodes, `name@host`, and their cookies, which the distribution takes as atoms only."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.expressions import Expression, value_of
from bot.elixir.outline import Clause
from bot.elixir.rules.parts.bounded_calls import mapped

_TEXTS = ("string", "charlist", "quoted_atom")
_HOLE = "\0"


def names_a_node(value: Node, clause: Clause) -> bool:
    """Whether the text is put together around one `@`, also by the `Enum.map/2` before."""
    if value.type == "identifier":
        known = value_of(Expression(value, clause))
        return known is not None and known.node.type != "identifier" and names_a_node(*_both(known))
    if nodes.operator(value) == "|>":
        value = value.child_by_field_name("right") or value
    if value.type == "call":
        call = resolve(value, clause.function.module)
        images = mapped(call) if call is not None else []
        return bool(images) and all(names_a_node(image, clause) for image in images)
    written = _written(value)
    name, at, host = written.partition("@")
    return bool(name and at and host) and "@" not in host and _HOLE in written


def is_a_cookie(node: Node, clause: Clause) -> bool:
    """Whether what is made there is kept under `cookie`, as a node's: as it is, or by the variable
    that it is set to.
    """
    around = node.parent
    while around is not None and nodes.operator(around) == "|>":
        around = around.parent
    if around is None or nodes.operator(around) != "=":
        return around is not None and _is_under_cookie(node, around)
    name = nodes.text_of(around, "left")
    later = (n for n in nodes.of_type(clause.node, "identifier") if n.start_byte >= around.end_byte)
    uses = [n for n in later if nodes.text(n) == name]
    return bool(uses) and all(n.parent and _is_under_cookie(n, n.parent) for n in uses)


def _is_under_cookie(value: Node, around: Node) -> bool:
    """Whether it is the value of `cookie: value`, or stands behind `:cookie` in a tuple."""
    if around.type == "pair":
        return nodes.text_of(around, "key").strip() == "cookie:"
    before = value.prev_named_sibling
    return around.type == "tuple" and before is not None and nodes.text(before) == ":cookie"


def _both(known: Expression) -> tuple[Node, Clause]:
    return known.node, known.clause


def _written(value: Node) -> str:
    """The text with a hole for each part that only run time knows."""
    if nodes.operator(value) == "<>":
        sides = value.child_by_field_name("left"), value.child_by_field_name("right")
        return "".join(_written(side) for side in sides if side is not None)
    if value.type not in _TEXTS:
        return _HOLE
    return "".join(
        nodes.text(part) if part.type == "quoted_content" else _HOLE
        for part in value.named_children
    )
