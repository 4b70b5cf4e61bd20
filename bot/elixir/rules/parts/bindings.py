"""Where a variable has its value from: matches, generators, the patterns of function values."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module


def bound_to(name: str, use: Node, clause: Clause) -> Iterator[Node]:
    """Right sides of every match and generator before the use that set the name."""
    for symbol in ("=", "<-"):
        for match in clause.bindings(symbol):
            left, right = match.child_by_field_name("left"), match.child_by_field_name("right")
            if left is None or right is None or match.start_byte > use.start_byte:
                continue
            if not nodes.contains(match, use) and name in nodes.identifiers(left):
                yield right


def closure_setting(name: str, use: Node, clause: Clause) -> Node | None:
    """The nearest `pattern -> ...` around the use whose pattern sets the name."""
    for above in nodes.ancestors(use):
        if above.start_byte < clause.node.start_byte:
            return None
        if above.type == "stab_clause" and any(
            name in nodes.identifiers(p) for p in nodes.clause_patterns(above)
        ):
            return above
    return None


def whole_names(pattern: Node) -> set[str]:
    """Variables that hold the whole of what a pattern matches."""
    if nodes.operator(pattern) == "=":
        return {name for side in pattern.named_children for name in whole_names(side)}
    return {text(pattern)} if pattern.type == "identifier" else set()


def parts(node: Node) -> list[Node]:
    return [part for part in node.named_children if part.type != "comment"]


def is_indexed(source: Node, clause: Clause) -> bool:
    """Whether it is a list of elements with their index."""
    call = last_call(source, clause.function.module)
    return call is not None and call.full in ("Enum.with_index", "Stream.with_index")


def last_call(source: Node, module: Module) -> Call | None:
    """The call that a value comes from, which of a pipe is the last one."""
    if nodes.operator(source) == "|>":
        source = source.child_by_field_name("right") or source
    return resolve(source, module) if source.type == "call" else None
