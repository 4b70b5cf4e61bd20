"""Processes that own what they start."""

from __future__ import annotations

from bot.elixir.outline import Clause
from bot.elixir.reach import SERVER_CALLBACKS, callbacks, reached

OWNING_CALLBACKS = frozenset(
    {*SERVER_CALLBACKS, ("init", 1), ("mount", 1), ("mount", 3), ("join", 3), ("handle_params", 3)}
)
"""Callbacks that run in a process which owns what it starts with a link."""


def runs_in_an_owner(clause: Clause) -> bool:
    """Whether the clause runs in a process that owns what it starts with a link."""
    function = clause.function
    if (function.name, function.arity) in OWNING_CALLBACKS:
        return True
    origins = callbacks(function.module, OWNING_CALLBACKS)
    return any(step.clause is clause for step in reached(origins))
