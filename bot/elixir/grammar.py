"""The Elixir grammar, and queries that are compiled where they prove worth it."""

from __future__ import annotations

from functools import cache
from operator import attrgetter

import tree_sitter_elixir
from tree_sitter import Language, Node, Query, QueryCursor

Types = tuple[str, ...]
"""Types of nodes."""

_WALKED_BEFORE_COMPILING = 12_000
"""Nodes; a walk over so many takes as long as compiling a query does (5 to 15 ms)."""

_walked: dict[Types, int] = {}
"""Nodes walked so far by the types looked for."""
_compiled: list[Types] = []
"""The types that queries find."""
_serving: dict[Types, Types] = {}
"""By types looked for, those of the query that finds them, with others perhaps."""


@cache
def language() -> Language:
    """The Elixir grammar."""
    return Language(tree_sitter_elixir.language())


@cache
def _query(pattern: str) -> Query:
    return Query(language(), pattern)


def captures(pattern: str, node: Node) -> list[Node]:
    """Nodes captured as `@n` by `pattern` within `node`, in source order, outer before inner."""
    found = QueryCursor(_query(pattern)).captures(node).get("n", [])
    # The binding collects captures in a set: their order changes from run to run.
    return _in_source_order(found)


def _in_source_order(found: list[Node]) -> list[Node]:
    if len(found) > 1:
        found.sort(key=attrgetter("end_byte"), reverse=True)
        found.sort(key=attrgetter("start_byte"))
    return found


def by_query(types: Types, node: Node) -> list[Node] | None:
    """Nodes of these types by a query; `None` where none is there for them: they take a walk then,
    until many were taken.
    """
    known = _serving.get(types)
    if known is not None:
        found = captures(_alternatives(known), node)
        return found if known == types else [n for n in found if n.type in types]
    walked = _walked[types] = _walked.get(types, 0) + node.descendant_count
    if walked >= _WALKED_BEFORE_COMPILING or _finding(types) is not None:
        prepare(*types)
    return None


def prepare(*types: str) -> None:
    """Have a query for these types, and compile it now if none finds them: before a fork, so that
    each worker need not.
    """
    known = _finding(types)
    if known is None:
        _query(_alternatives(types))
        _compiled.append(types)
    _serving[types] = known or types


def _finding(types: Types) -> Types | None:
    """Those of a compiled query that finds these, with others perhaps."""
    return next((found for found in _compiled if set(types) <= set(found)), None)


@cache
def _alternatives(types: Types) -> str:
    return f"[{' '.join(f'({name})' for name in types)}] @n"
