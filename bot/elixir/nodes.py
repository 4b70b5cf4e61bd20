"""The parser and small questions about its nodes.

Node names are those of the tree-sitter-elixir grammar, 0.3.x.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tree_sitter import Node, Parser, Tree

from bot.elixir import grammar


@cache
def _parser() -> Parser:
    return Parser(grammar.language())


def parse(data: bytes) -> Tree:
    """Parse UTF-8 Elixir; errors are nodes in the tree, never exceptions."""
    return _parser().parse(data)


def of_type(node: Node, *types: str) -> list[Node]:
    """Nodes of these types within `node`, itself included, in source order, outer before inner.

    A type that is asked for often gets a compiled query, one that is asked for rarely a walk.
    """
    found = grammar.by_query(types, node)
    return [n for n in walk(node) if n.type in types] if found is None else found


def text(node: Node) -> str:
    """The node's source."""
    return (node.text or b"").decode("utf-8", "replace")


def code(node: Node) -> str:
    """The node's source without the comments in it."""
    said = node.text or b""
    for comment in reversed([n for n in walk(node) if n.type == "comment"]):
        start, end = comment.start_byte - node.start_byte, comment.end_byte - node.start_byte
        said = said[:start] + said[end:]
    return said.decode("utf-8", "replace")


def ancestors(node: Node) -> Iterator[Node]:
    """The node's parents, nearest first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def contains(outer: Node, inner: Node) -> bool:
    """Whether `inner` lies within `outer`."""
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def arguments(call: Node) -> list[Node]:
    """The argument nodes of a call as written; keywords are one trailing node."""
    second = call.named_child(1) if call.named_child_count > 1 else None
    if second is None or second.type == "do_block":
        return []
    if second.type != "arguments":
        second = next((c for c in call.named_children if c.type == "arguments"), None)
        if second is None:
            return []
    return [c for c in second.named_children if c.type != "comment"]


def do_block(call: Node) -> Node | None:
    """The `do ... end` block of a call."""
    count = call.named_child_count
    last = call.named_child(count - 1) if count else None
    if last is None or last.type == "do_block":
        return last
    if last.type != "comment":
        return None
    return next((c for c in call.named_children if c.type == "do_block"), None)


def keyword_pairs(node: Node | None) -> dict[str, Node]:
    """Values by key of a `keywords`, list, map or arguments node; a key's first value wins."""
    found: dict[str, Node] = {}
    for key, value in keywords_of(node):
        found.setdefault(key, value)
    return found


def keywords_of(node: Node | None) -> Iterator[tuple[str, Node]]:
    """All of them as they are written: a key may come again."""
    for pair in _pairs(node):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None:
            yield text(key).strip().rstrip(":").strip('"'), value


def _pairs(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    if node.type == "pair":
        yield node
    elif node.type in ("keywords", "list", "map", "map_content", "arguments"):
        for child in node.named_children:
            if child.type in ("pair", "keywords", "map_content") or node.type == "keywords":
                yield from _pairs(child)


def call_keywords(call: Node) -> dict[str, Node]:
    """Keyword arguments of a call, written bare or as a literal list in last place."""
    args = arguments(call)
    return keyword_pairs(args[-1]) if args and args[-1].type in ("keywords", "list") else {}


def statements(block: Node | None) -> list[Node]:
    """Statements of a do block, a `body`, or a single expression, without clauses and comments."""
    if block is None:
        return []
    if block.type not in ("do_block", "body", "block", "source", "after_block", "else_block"):
        return [block]
    skipped = ("comment", "rescue_block", "catch_block", "after_block", "else_block", "stab_clause")
    return [c for c in block.named_children if c.type not in skipped]


def next_code(node: Node) -> Node | None:
    """The next named node beside it that is no comment."""
    following = node.next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    return following


def previous_code(node: Node) -> Node | None:
    """The named node before it that is no comment."""
    before = node.prev_named_sibling
    while before is not None and before.type == "comment":
        before = before.prev_named_sibling
    return before


def clauses(block: Node | None) -> list[Node]:
    """The `pattern -> body` clauses directly in a block or anonymous function."""
    return [c for c in block.named_children if c.type == "stab_clause"] if block is not None else []


def clause_patterns(stab: Node) -> list[Node]:
    """Patterns left of `->`, without the guard."""
    left = stab.child_by_field_name("left")
    if left is None:
        return []
    if left.type == "binary_operator" and text_of(left, "operator") == "when":
        left = left.child_by_field_name("left") or left
    return (
        [c for c in left.named_children if c.type != "comment"]
        if left.type == "arguments"
        else [left]
    )


def clause_body(stab: Node) -> Node | None:
    """The body right of `->`."""
    return stab.child_by_field_name("right")


def text_of(node: Node, field: str) -> str:
    """Source of a field, empty where it is absent."""
    child = node.child_by_field_name(field)
    return text(child) if child is not None else ""


def is_call_to(node: Node, *names: str) -> bool:
    """Whether the node is a call whose target is written as one of `names` (`use`, `self`, ...)."""
    if node.type != "call":
        return False
    target = node.child_by_field_name("target")
    return target is not None and text(target) in names


def operator(node: Node) -> str:
    """The operator of a binary or unary node, empty for others."""
    return text_of(node, "operator") if node.type in ("binary_operator", "unary_operator") else ""


def identifiers(node: Node) -> set[str]:
    """Names of the plain identifiers within a node (variables and local names)."""
    return {text(n) for n in of_type(node, "identifier")}


def walk(node: Node) -> Iterator[Node]:
    """The node and all named descendants, parents first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.named_children))
