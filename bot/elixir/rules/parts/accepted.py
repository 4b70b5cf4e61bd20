"""Comments that tell other tools that an atom made at run time is meant."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.rules.parts.standing import comments_on

_NAMED = re.compile(rb"sobelow_skip\b.*\bDOS\.\w*ToAtom|credo:disable\b.*\bUnsafeToAtom")
_ANYTHING = re.compile(r"#\s*credo:disable-for-(next|this|previous)-line\s*")
_AWAY = {"next": 1, "this": 0, "previous": -1}


def accepted(node: Node, clause: Clause) -> bool:
    """Whether a comment speaks of this check, or bids Credo say nothing at all of that line."""
    return any(map(_NAMED.search, comments_on(node, clause))) or _silenced(node, clause)


def _silenced(node: Node, clause: Clause) -> bool:
    for comment in nodes.of_type(clause.node, "comment"):
        off = _ANYTHING.fullmatch(text(comment))
        row = comment.start_point.row + _AWAY[off[1]] if off is not None else -1
        if node.start_point.row <= row <= node.end_point.row:
            return True
    return False
