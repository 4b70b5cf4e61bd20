"""Processes whose work is to end the system: a supervisor would end them half way."""

from __future__ import annotations

from bot.elixir.calls import Call, calls_in
from bot.elixir.context import ends_system


def starts_the_end(call: Call) -> bool:
    """Whether what a call starts stops or restarts the system, itself or by an own function."""
    if ends_system(call.node):
        return True
    module = call.owner
    own = (c for c in calls_in(call.node, module) if c.module == module.name)
    helpers = (module.local(c.name, c.arity) for c in own)
    return any(
        helper is not None and all(ends_system(clause.node) for clause in helper.clauses)
        for helper in helpers
    )
