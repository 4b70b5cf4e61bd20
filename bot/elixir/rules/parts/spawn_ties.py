"""What ties a spawned process to others: whoever calls its start, or the one that it watches."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.awaiting import hands_on_pid, returned
from bot.elixir.calls import Call
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.ways import ways

_STARTER_NAMES = frozenset({"parent", "caller", "owner"})
"""What parameters that hold the starting process are called."""


def is_start_function(call: Call, clause: Clause) -> bool:
    """Whether a supervisor can call it: by its name, or by what it starts and returns."""
    name = clause.function.name
    if name in ("start_link", "start_monitor"):
        return True
    return (
        name.startswith("start")
        and (returned(call, clause) or hands_on_pid(call, clause))
        and any(way.tag == ":ok" for way in ways(clause))
    )


def is_tied_to_caller(call: Call, clause: Clause) -> bool:
    """The spawned function itself monitors the process that started it, and ends with it."""
    own = [c for c in clause.calls if nodes.contains(call.node, c.node)]
    watched = {
        text(c.args[-1]) for c in own if c.full in ("Process.monitor", ":erlang.monitor") and c.args
    }
    if not watched or clause.body is None:
        return False
    callers = {
        text(left)
        for n in operations(clause.body, "=")
        if (left := n.child_by_field_name("left")) is not None
        and left.type == "identifier"
        and nodes.text_of(n, "right").startswith("self")
    }
    callers |= _STARTER_NAMES
    return bool(watched & callers) and any(c.name == "receive" for c in own)
