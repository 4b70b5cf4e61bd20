"""A `receive` that only takes a message out of its turn, for the handler that would take it."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.nodes import text
from bot.elixir.waiting import time_limit

_SHORT = 1_000
"""Milliseconds that few callers notice."""


def handed_on_at_once(call: Call) -> bool:
    """Whether a `receive` waits a second at most, and gives all it takes to the own handler."""
    return _is_short(call) and _hands_all_on(call)


def _is_short(call: Call) -> bool:
    """Whether its limit is written there, and a second at most."""
    limit = time_limit(call)
    written = text(call.owner.value(limit)).replace("_", "") if limit is not None else ""
    return written.isdecimal() and int(written) <= _SHORT


def _hands_all_on(call: Call) -> bool:
    """Whether each message it takes is given to the module's own `handle_info/2`."""
    block = nodes.do_block(call.node)
    bodies = [nodes.clause_body(stab) for stab in nodes.clauses(block)] if block else []
    return bool(bodies) and all(
        body is not None
        and any(c.name == "handle_info" and c.local for c in calls_in(body, call.owner))
        for body in bodies
    )
