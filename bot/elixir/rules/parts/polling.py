"""Waits that are part of a polling loop."""

from __future__ import annotations

from bot.elixir.calls import Call
from bot.elixir.outline import Function
from bot.elixir.rules.parts.standing import callers_of, receivers_of_closures

POLLING = (
    "Stream.",
    "Enum.reduce_while",
    "Enum.find",
    "eventually",
    "wait",
    "retry",
    "poll",
    "assert_eventually",
)
"""How takers of a function are named that call it again until it succeeds."""


def polls(call: Call, function: Function | None) -> bool:
    """Whether the call stands in a loop that looks again until a deadline."""
    if any(
        taker.rpartition(".")[2].startswith(POLLING) or taker.startswith(POLLING)
        for taker in receivers_of_closures(call)
    ):
        return True
    if function is None:
        return False
    return function in callers_of(function) or _mutual(function)


def _mutual(function: Function) -> bool:
    return any(function in callers_of(other) for other in callers_of(function))
