"""Calls found by the name they are written with, without a look at any other call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from bot.elixir.calls import Call, resolve
from bot.elixir.module import Module
from bot.elixir.nodes import text


def calls_named(module: Module, names: Iterable[str]) -> list[Call]:
    """The module's own calls of functions and macros so written, in source order.

    In functions and outside of them, with and without parentheses; nested modules keep their own.
    Aliases made inside a block are not seen: for names that nobody aliases.
    """
    found = {call.start: call for name in names for call in _named(module, name)}
    return [found[start] for start in sorted(found)]


def _named(module: Module, name: str) -> Iterator[Call]:
    word = name.encode()
    source, inner = module.source, [(m.node.start_byte, m.node.end_byte) for m in module.nested]
    for at in source.places(word):
        if not module.node.start_byte <= at < module.node.end_byte:
            continue
        if any(start <= at < end for start, end in inner):
            continue
        node = source.root.descendant_for_byte_range(at, at + len(word))
        called = _called(node) if node is not None and text(node) == name else None
        call = resolve(called, module) if called is not None else None
        if call is not None:
            yield call


def _called(name: Node) -> Node | None:
    """The call whose function a name is."""
    target, above = name, name.parent
    if above is not None and above.type == "dot":
        target, above = above, above.parent
    if above is None or above.type != "call":
        return None
    written = above.child_by_field_name("target")
    return above if written is not None and written.id == target.id else None
