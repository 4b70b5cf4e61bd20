"""What stands above a piece of code: comments, and what documents it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text

_TO_DO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|credo:|sobelow|dialyzer", re.I)
"""Comments that give no reason: of work that is left, and those for other tools."""

FEWEST_WORDS = 6
"""Less is a heading, not a reason."""


def comments_above(node: Node) -> Iterator[str]:
    """The comments above it; what says more of a function, such as `@doc`, may stand between."""
    return (text(above) for above in _above(node) if above.type == "comment")


def documents_above(node: Node) -> Iterator[str]:
    """Its `@doc`s, as they are written."""
    return (text(above) for above in _above(node) if text(above).startswith("@doc"))


def _above(node: Node) -> Iterator[Node]:
    above = node.prev_named_sibling
    while above is not None and (above.type == "comment" or nodes.operator(above) == "@"):
        yield above
        above = above.prev_named_sibling


def is_a_reason(comments: list[str]) -> bool:
    """Whether they say enough to give one."""
    words = " ".join(comments).replace("#", " ")
    return len(words.split()) >= FEWEST_WORDS and _TO_DO.search(words) is None
