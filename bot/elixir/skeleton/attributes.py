"""What the attributes of a module say: its purpose, types, specs, callbacks, and `@impl`."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Module
from bot.elixir.skeleton.clip import clip

_ATTRIBUTE = re.compile(rb"@(spec|impl|callback|macrocallback|type|opaque)\b")
_OPENING = re.compile(rb'(?:~[sS])?(?:"""|\'\'\'|"|\'|\||\()\s*')
_SENTENCE = re.compile(rb"[.:](?:\s|$)|\n\s*\n|\s*\"\"\"")
_MAX_PURPOSE, _MAX_RETURN, _MAX_CALLBACK, _MAX_TYPE = 100, 70, 120, 80


@dataclass
class Attributes:
    """What the attributes of one module say."""

    purpose: str = ""
    """First sentence of its `@moduledoc`."""
    types: list[str] = field(default_factory=list)
    callbacks: list[str] = field(default_factory=list)
    returns: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """What the specs of a function say it returns, by name and arity."""
    marked: set[str] = field(default_factory=set)
    """Labels of functions below an `@impl`."""


def attributes_of(module: Module) -> Attributes:
    """Read the attributes that stand directly in the module."""
    found = Attributes(purpose=_purpose(module))
    data, marks = module.source.data, []
    for child in module.body.named_children if module.body is not None else ():
        if child.type != "unary_operator":
            continue
        seen = _ATTRIBUTE.match(data, child.start_byte)
        if seen is None:
            continue
        written = data[seen.end() : child.end_byte]
        match seen[1]:
            case b"impl":
                marks.append(child.start_byte)
            case b"spec":
                _spec(child, found)
            case b"type" | b"opaque":
                found.types.append(clip(written, _MAX_TYPE))
            case _:
                found.callbacks.append(clip(written, _MAX_CALLBACK))
    found.marked = _functions_below(marks, module)
    return found


def _purpose(module: Module) -> str:
    doc = module.attributes.get("moduledoc")
    if doc is None or doc.type not in ("string", "sigil"):
        return ""
    data = module.source.data[doc.start_byte : min(doc.end_byte, doc.start_byte + 1_000)]
    opening = _OPENING.match(data)
    start = opening.end() if opening is not None else 0
    end = _SENTENCE.search(data, start)
    return clip(data[start : end.start() if end is not None else None].rstrip(b"\"'"), _MAX_PURPOSE)


def _spec(node: Node, found: Attributes) -> None:
    operand = node.child_by_field_name("operand")
    args = nodes.arguments(operand) if operand is not None else []
    typed = args[0] if args else None
    if typed is not None and nodes.operator(typed) == "when":
        typed = typed.child_by_field_name("left")
    if typed is None or nodes.operator(typed) != "::":
        return
    head, returned = typed.child_by_field_name("left"), typed.child_by_field_name("right")
    if head is None or returned is None or head.type != "call":
        return
    key = (nodes.text_of(head, "target"), len(nodes.arguments(head)))
    found.returns.setdefault(key, []).append(clip(returned.text, _MAX_RETURN))


def _functions_below(marks: list[int], module: Module) -> set[str]:
    if not marks:
        return set()
    clauses = sorted((c.node.start_byte, c.function.label) for c in module.all_clauses())
    starts = [start for start, _ in clauses]
    following = (bisect_right(starts, mark) for mark in marks)
    return {clauses[at][1] for at in following if at < len(clauses)}
