"""Tests whose matter is time itself: what expires, repeats, is late or is old."""

from __future__ import annotations

import re

from bot.elixir.calls import Call
from bot.elixir.nodes import text

_CLOCK_WORDS = re.compile(
    r"(?<![a-z])(?:ttl|expir|timeout|time out|times out|timed out|interval|idle|idling|window"
    r"|elapsed|duration|debounc|throttl|latency|stale|refresh|heartbeat|keep-?alive|delay"
    r"|grace period|cool-?down|threshold|timestamp|modification time"
    r"|(?:old|older|oldest|rates?|rate-?limit\w*|ticks?)(?![a-z]))"
)
"""Words in the name of a test that is about time."""
_CLOCK_DURATIONS = ("interval", "period", "window", "heartbeat", "ttl", "expir", "sleeptime")
"""Parts of the names, without underscores, of durations that the code under test counts itself."""


def is_about_time(call: Call, test_name: str, duration: str) -> bool:
    """Whether a sleep's test speaks of time: by its name, the sleep's length, or beside it."""
    return (
        _CLOCK_WORDS.search(test_name.lower()) is not None
        or any(word in duration.lower() for word in _CLOCK_DURATIONS)
        or _about_age(call)
    )


def _about_age(call: Call) -> bool:
    """Whether a neighbouring statement speaks of an age or an expiry."""
    block = call.statement.parent
    beside = block.named_children if block is not None else []
    return any(re.search(r"max_age|ttl|expire", text(n)) for n in beside if n.type != "comment")
