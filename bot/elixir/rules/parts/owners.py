"""Processes that own what they start."""

from __future__ import annotations

from bot.elixir.outline import Clause, Module
from bot.elixir.reach import SERVER_CALLBACKS, callbacks, reached

OWNING_CALLBACKS = frozenset(
    {*SERVER_CALLBACKS, ("init", 1), ("mount", 1), ("mount", 3), ("join", 3), ("handle_params", 3)}
)
"""Callbacks that run in a process which owns what it starts with a link."""


def runs_in_an_owner(clause: Clause) -> bool:
    """Whether the clause runs in a process that owns what it starts with a link."""
    function = clause.function
    keys = OWNING_CALLBACKS | _of_media(function.module)
    if (function.name, function.arity) in keys:
        return True
    origins = callbacks(function.module, keys)
    return any(step.clause is clause for step in reached(origins))


_MEDIA = tuple(
    f"Membrane.{kind}" for kind in ("Pipeline", "Bin", "Source", "Filter", "Sink", "Endpoint")
)
"""Elements of media pipelines: each is a process of its own, all of whose callbacks are called
`handle_...`; which there are differs by the version."""


def _of_media(module: Module) -> frozenset[tuple[str, int]]:
    if not any(map(module.implements, _MEDIA)):
        return frozenset()
    return frozenset(key for key in module.functions if key[0].startswith("handle_"))
