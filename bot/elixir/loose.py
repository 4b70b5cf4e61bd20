"""Statements of a module outside its functions: `test` blocks, set-ups, macro calls."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in, resolve
from bot.elixir.definition import DEFINITIONS
from bot.elixir.outline import Module


def outermost(module: Module) -> Iterator[Node]:
    """Loose statements of the module, without those that stand inside another one."""
    done = 0
    for node in sorted(module.loose, key=lambda n: (n.start_byte, -n.end_byte)):
        if node.start_byte >= done:
            done = node.end_byte
            yield node


def loose_calls(module: Module) -> Iterator[Call]:
    """Calls in loose statements, each once; nested modules keep their own."""
    for node in outermost(module):
        yield from own_calls(node, module)


def own_calls(node: Node, module: Module) -> Iterator[Call]:
    """Calls within a statement that no nested module holds; the head of a definition is none."""
    inner = [(m.node.start_byte, m.node.end_byte) for m in module.nested]
    for call in calls_in(node, module):
        if not any(start <= call.start < end for start, end in inner) and not _is_head(call.node):
            yield call


def _is_head(node: Node) -> bool:
    """Whether it only says what a function is called and takes, its guard left out."""
    around = node.parent
    if around is not None and nodes.operator(around) == "when":
        if around.child_by_field_name("left") != node:
            return False
        node, around = around, around.parent
    if around is None or around.type != "arguments" or around.named_children[0] != node:
        return False
    return around.parent is not None and nodes.is_call_to(around.parent, *DEFINITIONS)


def loose_calls_to(module: Module, word: bytes) -> Iterator[Call]:
    """Calls in loose statements whose name `word` ends with, found by their bytes.

    Aliases made inside a block are not seen: for names that nobody aliases.
    """
    data, root = module.source.data, module.source.root
    inner = [(m.node.start_byte, m.node.end_byte) for m in module.nested]
    for statement in outermost(module):
        at = data.find(word + b"(", statement.start_byte, statement.end_byte)
        while at != -1:
            last = at + len(word)
            node = root.descendant_for_byte_range(last - 1, last)
            while node is not None and node.type != "call":
                node = node.parent
            call = resolve(node, module) if node is not None else None
            if call is not None and not any(start <= call.start < end for start, end in inner):
                yield call
            at = data.find(word + b"(", last, statement.end_byte)
