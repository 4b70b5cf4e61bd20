"""Keeps a long conversation inside a model's context, at the price of its oldest tool results.

Vendors cache a conversation's beginning, and every change there is paid for anew. So nothing is
touched while all of it fits, and once it does not, enough goes at once to last for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.llm.tokens import estimate_request
from bot.llm.types import Message, Request, ToolResult

KEPT_SHARE = 0.6
"""Of the room, once something had to go."""
SMALL = 400
"""Results of at most so many characters stay; a note would save nothing."""


def bared(request: Request, turns: Sequence[Message], until: int, *, room: int) -> int:
    """Up to which turn results must go for the request to fit `room` tokens; never below `until`.

    The latest turn keeps its results in any case.
    """
    if _size(request, turns, until) <= room:
        return until
    while until < len(turns) - 1 and _size(request, turns, until) > room * KEPT_SHARE:
        until += 1
    return until


def without_results(turns: Sequence[Message], until: int) -> tuple[Message, ...]:
    """The turns, large tool results among the first `until` replaced by one line."""
    return (*map(_without_results, turns[:until]), *turns[until:])


def _size(request: Request, turns: Sequence[Message], until: int) -> int:
    shown = without_results(turns, until)
    return estimate_request(replace(request, turns=(*request.turns, *shown)))


def _without_results(turn: Message) -> Message:
    return replace(turn, results=tuple(map(_noted, turn.results)))


def _noted(result: ToolResult) -> ToolResult:
    if len(result.text) <= SMALL:
        return result
    begin = result.text.split("\n", 1)[0][:120]
    left = f"{len(result.text) - len(begin)} more characters left out to save room"
    return replace(result, text=f"{begin} [{left}: call {result.name} again if you need them]")
