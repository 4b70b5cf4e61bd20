"""Tests that give something time to happen which must not happen: no event could end the wait."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir.calls import Call
from bot.elixir.nodes import text

_NEGATION = re.compile(
    r"\b(?:not|never|nothing|wrongly|untouched|unchanged|ignor\w+|skip\w*|avoid\w*"
    r"|cannot|can't|doesn't|don't|isn't|won't)\b(?! longer)"
)
_LOOKED_AT = 2
"""Statements after the sleep among which the check must be: what is asked, and the asking."""


def awaits_absence(call: Call, test_name: str) -> bool:
    """Whether the sleep is followed by a `refute` that the test's name or a comment explains."""
    checks = (s for s in _next_statements(call) if text(s).startswith(("assert", "refute")))
    first = next(checks, None)
    if first is None or not _asks_for_absence(text(first)):
        return False
    said = " ".join([test_name, *_comments(call)]).lower()
    return text(first).startswith("refute_receive") or _NEGATION.search(said) is not None


def _asks_for_absence(statement: str) -> bool:
    """The dead do not come back: who refutes a life waits for its end, which a monitor tells."""
    return statement.startswith("refute") and "alive?" not in statement


def _next_statements(call: Call) -> list[Node]:
    block = call.statement.parent
    later = [
        n
        for n in (block.named_children if block is not None else ())
        if n.start_byte >= call.statement.end_byte and n.type != "comment"
    ]
    return later[:_LOOKED_AT]


def _comments(call: Call) -> list[str]:
    """Comments right above the sleep, beside it, and above the next statement."""
    statement = call.statement
    block = statement.parent
    siblings = block.named_children if block is not None else []
    place = next((i for i, n in enumerate(siblings) if n.id == statement.id), 0)
    before = siblings[:place]
    found: list[str] = []
    while before and before[-1].type == "comment":
        found.append(text(before.pop()))
    for node in siblings[place + 1 :]:
        if node.type != "comment":
            break
        found.append(text(node))
    return found
