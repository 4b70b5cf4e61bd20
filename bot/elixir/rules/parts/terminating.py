"""Functions that run as a server ends."""

from __future__ import annotations

from bot.elixir.outline import Function
from bot.elixir.rules.parts.standing import callers_of


def is_for_the_end(function: Function) -> bool:
    """Whether it is `terminate/2`, or a private function that only that one calls."""
    if function.name == "terminate":
        return True
    callers = callers_of(function) if function.kind == "defp" else []
    return bool(callers) and all(caller.name == "terminate" for caller in callers)
