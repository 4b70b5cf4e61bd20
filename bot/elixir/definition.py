"""The parts of a `def`: name, parameters, guard, body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text

DEFINITIONS = frozenset(
    {"def", "defp", "defmacro", "defmacrop", "defdelegate", "defguard", "defguardp"}
)
_PLAIN = re.compile(
    rb"(def(?:p|macrop?|delegate|guardp?)?) ([a-z_][A-Za-z0-9_]*[?!]?)"
    rb"(?:\(\s*(\w+(?:\s*,\s*\w+)*)?\s*\))?(?= *,| do\b|\s+when\b)"
)
"""A head with only names for parameters: most of them, and read without looking at their nodes."""


@dataclass(frozen=True, eq=False)
class Definition:
    """What stands where in one clause."""

    name: str
    head: Node
    """`name(params)` or the bare name."""
    params: list[Node]
    guard: Node | None
    body: Node | None


class Signature(NamedTuple):
    """What tells the function a clause belongs to."""

    kind: str
    name: str
    arity: int
    min_arity: int


def plain_signature(data: bytes, start: int) -> Signature | None:
    """The signature of the definition that begins at `start`, if a glance is enough to tell."""
    match = _PLAIN.match(data, start)
    if match is None:
        return None
    kind, name, params = match.groups()
    arity = params.count(b",") + 1 if params else 0
    return Signature(kind.decode(), name.decode(), arity, arity)


def plain_parameters(data: bytes, start: int) -> list[str] | None:
    """The parameters' names, if a glance is enough to tell that they are nothing but names."""
    match = _PLAIN.match(data, start)
    if match is None:
        return None
    return match[3].decode().replace(",", " ").split() if match[3] else []


def signature(kind: str, node: Node) -> Signature | None:
    """The signature of any definition; `None` where it names no function (an operator, say)."""
    head = _head(node)
    if head is None:
        return None
    if head.type == "identifier":
        return Signature(kind, text(head), 0, 0)
    if head.type != "call":
        return None
    params = nodes.arguments(head)
    optional = 0
    if b"\\\\" in (head.text or b""):
        optional = sum(nodes.operator(p) == "\\\\" for p in params)
    return Signature(kind, nodes.text_of(head, "target"), len(params), len(params) - optional)


def read_definition(node: Node) -> Definition:
    """All parts; in broken code what begins like a definition can be one without parameters."""
    args = nodes.arguments(node)
    head = _head(node)
    if head is None:
        return Definition("", node, [], None, nodes.do_block(node))
    called = head.type == "call"
    body = nodes.do_block(node)
    if body is None and len(args) > 1:
        body = nodes.keyword_pairs(args[-1]).get("do")
    return Definition(
        name=nodes.text_of(head, "target") if called else text(head),
        head=head,
        params=nodes.arguments(head) if called else [],
        guard=args[0].child_by_field_name("right") if nodes.operator(args[0]) == "when" else None,
        body=body,
    )


def _head(node: Node) -> Node | None:
    args = nodes.arguments(node)
    if not args:
        return None
    head = args[0]
    return (head.child_by_field_name("left") or head) if nodes.operator(head) == "when" else head
