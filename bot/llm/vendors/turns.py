"""A conversation as vendors demand it: every call answered, no call where no tool is offered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.llm.types import Message, ToolCall, ToolResult

NOT_RUN = "This call was not run."


def settled(messages: Iterable[Message], *, tools: bool) -> tuple[Message, ...]:
    """The conversation with a failed result for each call that has none, and no stray results.

    A loop that stops at a limit leaves calls open, and a session goes on with a step that has no
    tools: neither may make the vendor refuse the request.
    """
    answered = tuple(_answered(messages))
    return answered if tools else tuple(map(_in_prose, answered))


def _answered(messages: Iterable[Message]) -> Iterator[Message]:
    asked: tuple[ToolCall, ...] = ()
    for message in messages:
        if asked and not (message.role == "user" and message.results):
            yield Message("user", results=_results((), asked))
            asked = ()
        if message.role == "user":
            results = _results(message.results, asked)
            yield message if results == message.results else replace(message, results=results)
            asked = ()
        else:
            yield message
            asked = message.calls
    if asked:
        yield Message("user", results=_results((), asked))


def _results(given: Iterable[ToolResult], asked: Iterable[ToolCall]) -> tuple[ToolResult, ...]:
    known = {result.id: result for result in given}
    return tuple(
        known.get(call.id) or ToolResult(call.id, call.name, NOT_RUN, failed=True) for call in asked
    )


def _in_prose(message: Message) -> Message:
    """The same turn with its calls and results as text."""
    if not message.calls and not message.results:
        return message
    told = [
        *(f"(called {c.name} with {json.dumps(dict(c.arguments))})" for c in message.calls),
        *(f"Result of {result.name}:\n{result.text}" for result in message.results),
    ]
    return Message(message.role, "\n\n".join(filter(None, (*told, message.text))))
