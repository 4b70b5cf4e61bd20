"""How a callback gets to a place, as evidence."""

from __future__ import annotations

from bot.elixir.blocking import Blocking
from bot.elixir.reach import Reached
from bot.elixir.rules.base import Because, Span


def route(step: Reached) -> tuple[Because, ...]:
    """The calls that lead from the callback to the clause, first call first."""
    places = [step.origin.label, *(call.name for call in step.path)]
    module = step.clause.function.module
    return tuple(
        Because(Span.of(module, call.node), f"`{before}` calls `{call.name}`")
        for before, call in zip(places, step.path, strict=False)
    )


def also(group: list[tuple[Blocking, Reached]], shown: Blocking) -> tuple[Because, ...]:
    """The other blocking calls that the same clause of the callback leads to."""
    return tuple(
        Because(
            Span.of(step.clause.function.module, waits.call.node),
            f"the same clause of `{step.origin.label}` also "
            f"{'leads to' if step.path else 'blocks on'} {waits.title}",
        )
        for waits, step in group
        if waits is not shown
    )
