"""Elixir said differently: the same code with other names, layout, order and comments."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes

_TEXTS = frozenset({"string", "charlist", "sigil", "quoted_atom", "quoted_keyword", "char"})
_DEFINITIONS = ("def", "defp", "defmacro", "defmacrop", "defguard", "defguardp", "defdelegate")
_OF_A_FUNCTION = ("doc", "spec", "impl", "deprecated", "since")
_BINDS = ("=", "<-")
_TAKES_A_BREAK = ("|>", "=", "++", "<>", "and", "or", "&&", "||", "->", "<-")
_NOT_NAMES = ("_", "__MODULE__", "__CALLER__", "__ENV__", "__STACKTRACE__", "__DIR__", "...")


@dataclass(frozen=True)
class Change:
    """Bytes that stand in place of others."""

    start: int
    end: int
    text: bytes


def changed(data: bytes, changes: list[Change]) -> bytes:
    """The source with changes that do not overlap."""
    for change in sorted(changes, key=lambda c: -c.start):
        data = data[: change.start] + change.text + data[change.end :]
    return data


def renamed(data: bytes, rng: random.Random) -> bytes:
    """Every variable with another name, the same one everywhere."""
    root = nodes.parse(data).root_node
    taken = _function_names(root)
    used = [n for n in nodes.walk(root) if n.type == "identifier" and _can_be_variable(n)]
    bound = {nodes.text(n) for n in used if _binds(n)} - taken - set(_NOT_NAMES)
    fresh = {name: _fresh(name, number, rng) for number, name in enumerate(sorted(bound))}
    return changed(
        data,
        [
            Change(n.start_byte, n.end_byte, fresh[nodes.text(n)].encode())
            for n in used
            if nodes.text(n) in fresh
        ],
    )


def _fresh(name: str, number: int, rng: random.Random) -> str:
    under = "_" if name.startswith("_") else ""
    return f"{under}{rng.choice(('v', 'it', 'thing', 'qux'))}{number}"


def _function_names(root: Node) -> set[str]:
    calls = [n for n in nodes.walk(root) if n.type == "call"]
    targets = {nodes.text_of(call, "target") for call in calls}
    heads = {
        nodes.text(args[0])
        for call in calls
        if nodes.is_call_to(call, *_DEFINITIONS) and (args := nodes.arguments(call))
    }
    captured = {nodes.text_of(n, "left") for n in nodes.walk(root) if nodes.operator(n) == "/"}
    return targets | heads | captured


def _can_be_variable(node: Node) -> bool:
    parent = node.parent
    if parent is None or any(nodes.operator(a) == "@" for a in nodes.ancestors(node)):
        return False
    if parent.type == "call":
        return False
    return not (parent.type == "dot" and parent.child_by_field_name("right") == node)


def _binds(node: Node) -> bool:
    """Whether it stands in a pattern: a parameter, left of `=`, `<-` or `->`."""
    inner = node
    for outer in nodes.ancestors(node):
        left = outer.child_by_field_name("left")
        if nodes.operator(outer) in _BINDS or outer.type == "stab_clause":
            return left is not None and left.id == inner.id
        if nodes.is_call_to(outer, *_DEFINITIONS):
            return inner.type == "arguments"
        if outer.type in ("do_block", "anonymous_function"):
            return False
        inner = outer
    return False


def reformatted(data: bytes, rng: random.Random) -> bytes:
    """Lines broken after commas and operators, other indentation, blank lines."""
    root = nodes.parse(data).root_node
    breaks = [
        Change(token.end_byte, token.end_byte, b"\n" + b" " * rng.randrange(6))
        for token in _tokens(root)
        if token.type in (",", *_TAKES_A_BREAK) and rng.random() < 0.5
    ]
    indents = [
        Change(start, end, rng.choice((b"", b" ", b"\t", b"        ")))
        for start, end in _indents(data, root)
        if rng.random() < 0.7
    ]
    return changed(data, breaks + indents)


def with_line_ends(data: bytes, _: random.Random) -> bytes:
    """The same with the line ends of Windows."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def commented(data: bytes, rng: random.Random) -> bytes:
    """Comments on lines of their own and at the ends of lines; most are code taken out."""
    root = nodes.parse(data).root_node
    own = [b"# " + line.strip() for line in data.splitlines() if line.strip()]
    said = (*own, b"# later", b"# spawn(fn -> :ok end)", b"# rescue _ -> nil", b"# trap_exit")
    ends = [at for at, byte in enumerate(data) if byte == 0x0A and not _in_text(root, at)]
    changes = [
        Change(at, at, rng.choice((b" ", b"\n    ")) + rng.choice(said))
        for at in ends
        if rng.random() < 0.4
    ]
    return changed(data, changes)


def reordered(data: bytes, rng: random.Random) -> bytes:
    """Functions in another order, and clauses that no value can match two of."""
    root = nodes.parse(data).root_node
    blocks = [n for n in nodes.walk(root) if n.type == "do_block" and _of_module(n)]
    innermost = [b for b in blocks if not any(b != o and nodes.contains(b, o) for o in blocks)]
    return changed(data, [c for block in innermost for c in _other_order(data, block, rng)])


def _of_module(block: Node) -> bool:
    return block.parent is not None and nodes.is_call_to(block.parent, "defmodule")


def _other_order(data: bytes, block: Node, rng: random.Random) -> list[Change]:
    groups = list(_groups(block))
    if len(groups) < 2 and not any(len(g) > 1 for g in groups):
        return []
    texts = [_text_of_group(data, group, rng) for group in groups]
    rng.shuffle(texts)
    first, last = groups[0][0], groups[-1][-1]
    end = max(n.end_byte for n in last)
    return [Change(first[0].start_byte, end, b"\n\n  ".join(texts))]


_Clause = list[Node]
"""A clause with the comments and attributes in front of it."""


def _groups(block: Node) -> Iterator[list[_Clause]]:
    """Functions as lists of clauses; nothing where something else stands between them."""
    found: dict[tuple[str, int], list[_Clause]] = {}
    before: list[Node] = []
    for child in block.named_children:
        if child.type == "comment" or _belongs_to_function(child):
            before.append(child)
        elif nodes.is_call_to(child, *_DEFINITIONS):
            found.setdefault(_signature(child), []).append([*before, child])
            before = []
        elif found:
            return
        else:
            before = []
    yield from found.values() if not before else ()


def _belongs_to_function(node: Node) -> bool:
    if nodes.operator(node) != "@":
        return False
    inner = node.child_by_field_name("operand")
    return inner is not None and nodes.is_call_to(inner, *_OF_A_FUNCTION)


def _signature(definition: Node) -> tuple[str, int]:
    head = nodes.arguments(definition)[0] if nodes.arguments(definition) else definition
    while nodes.operator(head) == "when":
        head = head.child_by_field_name("left") or head.named_children[0]
    name = nodes.text_of(head, "target") or nodes.text(head)
    return name, len(nodes.arguments(head)) if head.type == "call" else 0


def _text_of_group(data: bytes, group: list[_Clause], rng: random.Random) -> bytes:
    texts = [data[c[0].start_byte : max(n.end_byte for n in c)] for c in group]
    tags = [_tag(clause[-1]) for clause in group]
    if len(set(tags)) == len(tags) and "" not in tags:
        rng.shuffle(texts)
    return b"\n\n  ".join(texts)


def _tag(definition: Node) -> str:
    """The atom that the first argument is, or begins with; empty for any other."""
    args = nodes.arguments(definition)
    head = args[0] if args else definition
    while nodes.operator(head) == "when":
        head = head.child_by_field_name("left") or head.named_children[0]
    params = nodes.arguments(head) if head.type == "call" else []
    if not params:
        return ""
    first = params[0]
    if first.type == "tuple" and first.named_children:
        return f"{len(first.named_children)}{_atom(first.named_children[0])}"
    return _atom(first)


def _atom(node: Node) -> str:
    return nodes.text(node) if node.type == "atom" else ""


def _tokens(root: Node) -> Iterator[Node]:
    """Leaves outside strings, sigils and their like."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in _TEXTS or node.type == "comment":
            continue
        if node.child_count == 0:
            yield node
        stack.extend(node.children)


def _indents(data: bytes, root: Node) -> Iterator[tuple[int, int]]:
    """Where each line's blanks begin and end, but for lines that begin in a string."""
    start = 0
    for line in data.splitlines(keepends=True):
        end = start + len(line) - len(line.lstrip(b" \t"))
        if line.strip() and not _in_text(root, start):
            yield start, end
        start += len(line)


def _in_text(root: Node, byte: int) -> bool:
    node = root.descendant_for_byte_range(byte, byte)
    around = [node, *nodes.ancestors(node)] if node is not None else []
    return any(n.type in _TEXTS and n.start_byte < byte < n.end_byte for n in around)


REWRITINGS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    renamed,
    reformatted,
    with_line_ends,
    commented,
    reordered,
)
