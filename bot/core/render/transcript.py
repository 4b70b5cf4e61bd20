"""An agent's conversation for people: what was said, called and answered, each shortened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

from bot.core.render.markdown import code, fence, prose
from bot.core.sanitize import one_line, strip_comments, strip_hidden

ARGUMENT = 60
"""Characters shown of one argument."""
RESULT_LINES = 8
DIFF_LINES = 60
"""Of what changed or would change: the part people judge."""
DIFFS = frozenset({"edit", "write", "diff"})
TEXT_LINES = 20
PROMPT_BEGIN = 4
PROMPT_END = 30
"""All prompts begin alike; what one asks for stands at its end."""
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


def as_markdown(turns: Iterable[Turn]) -> str:
    """Numbered replies, each with its calls and what came of them."""
    out: list[str] = []
    for entry in _entries(turns):
        out.append(f"**{entry.title}**")
        if entry.lines:
            out.append("\n".join(f"> {prose(line)}" for line in entry.lines))
        for called, lines in entry.calls:
            out.extend([code(called), fence("\n".join(lines), "text")])
    return "\n\n".join(out) + "\n"


@dataclass(frozen=True)
class _Entry:
    """A turn with what followed from it."""

    title: str
    lines: list[str]
    calls: tuple[tuple[str, list[str]], ...] = ()


def _entries(turns: Iterable[Turn]) -> Iterator[_Entry]:
    listed = list(turns)
    replies = 0
    for turn, following in zip_longest(listed, listed[1:]):
        if turn.role == "assistant":
            replies += 1
            results = following.results if following is not None else ()
            calls = tuple(
                (_called(call), _result(call, result))
                for call, result in zip_longest(turn.calls, results[: len(turn.calls)])
            )
            yield _Entry(f"{replies}. Model", _some(turn.text, TEXT_LINES), calls)
        elif turn.text.strip():
            title = "Genesis" if replies else "Prompt"
            yield _Entry(title, _some(turn.text, PROMPT_BEGIN, PROMPT_END))


def _called(call: Call) -> str:
    given = (f"{one_line(name)}={_value(value)}" for name, value in call.arguments.items())
    return " ".join([one_line(call.name)[:80], *given])


def _value(value: Any) -> str:
    text = one_line(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= ARGUMENT else f"{text[:ARGUMENT]}... ({len(text)} characters)"


def _result(call: Call, result: Result | None) -> list[str]:
    if result is None:
        return ["not carried out"]
    lines = _some(result.text, DIFF_LINES if call.name in DIFFS else RESULT_LINES)
    return ["failed:", *lines] if result.failed else lines


def _some(text: str, first: int, last: int = 0) -> list[str]:
    """The first and the last lines of a text, each of a bounded width."""
    lines = strip_comments(strip_hidden(text)).strip("\n").split("\n")
    lines = [line if len(line) <= WIDTH else f"{line[:WIDTH]}..." for line in lines]
    left_out = len(lines) - first - last
    if left_out > 0:
        lines[first : first + left_out] = [f"[{left_out} more lines]"]
    return lines if any(line.strip() for line in lines) else []
