"""Modules that a module names in its code, in full."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import attrgetter, itemgetter

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.scope import Scope
from bot.elixir.source import falls_in

_START = attrgetter("start_byte")
_NAME = re.compile(rb"[A-Z]\w*(?:\.[A-Z]\w*)*")
_DIRECTIVES = (b"alias", b"import", b"require")


def references(module: Module) -> tuple[str, ...]:
    """Sorted full names; the module itself and those defined inside it are left out."""
    own = {module.name, *(m.name for m in _inside(module))}
    body = module.body if module.body is not None else module.node
    places = module.source.places(*_DIRECTIVES)
    scopes = [
        (clause.node.start_byte, clause.node.end_byte, _scope(clause.node, module.scope))
        for clause in sorted(module.all_clauses(), key=lambda c: c.node.start_byte)
        if falls_in(places, clause.node.start_byte, clause.node.end_byte)
    ]
    found: set[str] = set(_headed(module))
    for node in _aliases(body, module):
        at = bisect_right(scopes, node.start_byte, key=itemgetter(0)) - 1
        inside = at >= 0 and node.start_byte < scopes[at][1]
        found.update(_named(node, scopes[at][2] if inside else module.scope))
    return tuple(sorted(found - own))


def mentioned(module: Module) -> frozenset[str]:
    """Names as `references` gives them, found by their text in a quarter of the time.

    Those in comments and short strings count too; those in heredocs, as documentation is, do not.
    """
    if module.body is None:
        return frozenset()
    code = b"".join(
        module.source.data[start:end] for start, end in _own_ranges(module.body, module)
    )
    written = set(_NAME.findall(b"\n".join(code.split(b'"""')[::2])))
    return frozenset(module.scope.resolve_name(name.decode()) for name in written)


def _own_ranges(body: Node, module: Module) -> Iterator[tuple[int, int]]:
    """Where the module's own code stands: between the modules nested in it."""
    start = body.start_byte
    for inner in module.nested:
        yield start, inner.node.start_byte
        start = inner.node.end_byte
    yield start, body.end_byte


def _aliases(body: Node, module: Module) -> Iterator[Node]:
    """Those of the module's own code."""
    every, first = module.source.aliases, 0
    for start, end in _own_ranges(body, module):
        first = bisect_left(every, start, first, key=_START)
        yield from every[first : bisect_left(every, end, first, key=_START)]


def _inside(module: Module) -> list[Module]:
    return [inner for m in module.nested for inner in (m, *_inside(m))]


def _headed(module: Module) -> list[str]:
    """The protocol and the type of a `defimpl`, which stand before its body."""
    if module.kind != "defimpl":
        return []
    outer = module.scope.outer or module.scope
    args = nodes.arguments(module.node)
    target = nodes.keyword_pairs(args[-1]).get("for") if len(args) > 1 else None
    named = [args[0], *([target] if target is not None else [])]
    return [outer.resolve(node) for node in named if node.type == "alias"]


def _scope(node: Node, outer: Scope) -> Scope:
    """The aliases a function makes for itself."""
    scope = Scope(module=outer.module, outer=outer)
    for call in nodes.of_type(node, "call"):
        if nodes.is_call_to(call, "alias", "import", "require"):
            scope.directive(nodes.text_of(call, "target"), call)
    return scope


def _named(node: Node, scope: Scope) -> list[str]:
    """What an alias node means where it stands: alone, after `__MODULE__.`, in `A.{B, C}`."""
    parent = node.parent
    if parent is not None and parent.type == "tuple" and (around := parent.parent) is not None:
        base = around.child_by_field_name("left") if around.type == "dot" else None
        if base is not None:
            return [f"{scope.resolve(base)}.{text(node)}"]
    if parent is not None and parent.type == "dot":
        left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
        if right is not None and right.id == node.id and left is not None:
            return [scope.resolve(parent)] if text(left).startswith("__MODULE__") else []
        if right is not None and right.type == "tuple":
            return []
    return [scope.resolve(node)]
