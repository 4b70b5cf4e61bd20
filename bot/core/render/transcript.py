"""An agent's conversation for people: what was said, called and answered, each shortened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

from bot.core.render.markdown import code, fence, prose
from bot.core.render.paint import Paint, plain
from bot.core.sanitize import one_line, strip_comments, strip_hidden

ARGUMENT = 60
"""Characters shown of one argument."""
RESULT_LINES = 8
TEXT_LINES = 20
WIDTH = 160
"""Characters shown of one line."""


class Call(Protocol):
    """A tool call as conversations hold it."""

    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> Mapping[str, Any]: ...


class Result(Protocol):
    """What came of a call."""

    @property
    def text(self) -> str: ...
    @property
    def failed(self) -> bool: ...


class Turn(Protocol):
    """One message of a conversation."""

    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def calls(self) -> Sequence[Call]: ...
    @property
    def results(self) -> Sequence[Result]: ...


def as_text(turns: Iterable[Turn], paint: Paint = plain) -> str:
    """Numbered replies, each with its calls and the begin of their results."""
    out: list[str] = []
    for entry in _entries(turns):
        out.append(paint(entry.title, "bold"))
        out.extend(f"  {line}" for line in _some(entry.text, TEXT_LINES))
        for shown, result in entry.calls:
            out.append(f"  {paint(shown, 'cyan')}")
            style = "red" if result is not None and result.failed else "dim"
            out.extend(f"    {paint(line, style)}" for line in _result(result))
        out.append("")
    return "\n".join(out)


def as_markdown(turns: Iterable[Turn]) -> str:
    """The same, for a file or a comment."""
    out: list[str] = []
    for entry in _entries(turns):
        out.append(f"**{entry.title}**")
        if entry.text.strip():
            out.append("\n".join(f"> {prose(line)}" for line in _some(entry.text, TEXT_LINES)))
        for shown, result in entry.calls:
            out.extend([code(shown), fence("\n".join(_result(result)), "text")])
    return "\n\n".join(out) + "\n"


@dataclass(frozen=True)
class _Entry:
    """A turn with what followed from it."""

    title: str
    text: str
    calls: tuple[tuple[str, Result | None], ...] = ()


def _entries(turns: Iterable[Turn]) -> Iterator[_Entry]:
    listed = list(turns)
    replies = 0
    for turn, following in zip_longest(listed, listed[1:]):
        if turn.role == "assistant":
            replies += 1
            results = following.results if following is not None else ()
            answered = [*results, *[None] * len(turn.calls)]
            calls = tuple((_called(call), answered[i]) for i, call in enumerate(turn.calls))
            yield _Entry(f"{replies}. Model", turn.text, calls)
        elif turn.text.strip():
            yield _Entry("Genesis" if replies else "Prompt", turn.text)


def _called(call: Call) -> str:
    given = (f"{one_line(name)}={_value(value)}" for name, value in call.arguments.items())
    return " ".join([one_line(call.name)[:80], *given])


def _value(value: Any) -> str:
    text = one_line(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= ARGUMENT else f"{text[:ARGUMENT]}... ({len(text)} characters)"


def _result(result: Result | None) -> list[str]:
    if result is None:
        return ["not carried out"]
    lines = _some(result.text, RESULT_LINES)
    return ["failed:", *lines] if result.failed else lines


def _some(text: str, limit: int) -> list[str]:
    lines = strip_comments(strip_hidden(text)).strip("\n").split("\n")
    shown = [line if len(line) <= WIDTH else f"{line[:WIDTH]}..." for line in lines[:limit]]
    if len(lines) > limit:
        shown.append(f"[{len(lines) - limit} more lines]")
    return [line for line in shown if line.strip() or len(lines) > 1]
