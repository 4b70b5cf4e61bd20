"""Reasons for an endless wait that a comment gives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause

_ABOUT_WAITING = re.compile(
    r"\b(?:infinity|time-?outs?|timed? out|waits?|for ?ever|unbounded)\b", re.I
)

_FEWEST_WORDS = 6
"""Less is a heading, not a reason."""


def stated_beside(call: Call, clause: Clause) -> bool:
    """A comment in the function, right above or beside the call."""
    source = clause.function.module.source
    first, last = source.line(call.statement.start_byte), source.last_line(call.node)
    comments = nodes.of_type(clause.node, "comment")
    return any(first - 1 <= source.line(c.start_byte) <= last for c in comments)


def stated_above(clause: Clause, limit: Node) -> bool:
    """A comment about waiting above the function, or above the attribute that is the limit."""
    value = clause.function.module.value(limit)
    named = [n for n in nodes.ancestors(value) if nodes.operator(n) == "@"][:1]
    if value is not limit and any(map(_tells_why, named)):
        return True
    memo, key = clause.function.module.memo, (_tells_why, clause.function)
    if key not in memo:
        memo[key] = any(_tells_why(same.node) for same in clause.function.clauses)
    return bool(memo[key])


def _tells_why(node: Node) -> bool:
    words = " ".join(_comments_above(node))
    about_waiting = _ABOUT_WAITING.search(words) is not None
    return about_waiting and len(words.split()) >= _FEWEST_WORDS


def _comments_above(node: Node) -> Iterator[str]:
    """The comments above it; what says more of a function, such as `@doc`, may stand between."""
    above = node.prev_named_sibling
    while above is not None and (above.type == "comment" or nodes.operator(above) == "@"):
        if above.type == "comment":
            yield text(above)
        above = above.prev_named_sibling
