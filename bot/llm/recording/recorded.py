"""The lines of a recording, read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import ValidationError, model_validator

from bot.core.model import Record
from bot.errors import ConfigError, Unusable
from bot.llm.recording.failures import Failure
from bot.llm.recording.recorder import FORMAT
from bot.llm.recording.request_pieces import Piece
from bot.llm.types import Reply


@dataclass(frozen=True)
class RecordedCall:
    """One question and its answer, or how it failed."""

    where: str
    """Path of the step, `#`, and the number of the call in it from 0."""
    step: str
    asked: tuple[Piece, ...]
    reply: Reply | None
    failed: Failure | None = None
    life: int = 0
    """A run that is taken up again lives once more."""

    def told(self) -> Reply:
        """What was answered; raises what the call failed with."""
        if self.failed is not None:
            raise self.failed.error()
        assert self.reply is not None, "a line has the one or the other"
        return replace(self.reply, restored=True)

    @property
    def path(self) -> str:
        """Path of the step."""
        return self.where.rpartition("#")[0]

    def __str__(self) -> str:
        return called(self.step, self.where)


def called(step: str, where: str) -> str:
    number = where.rpartition("#")[2]
    call = f", call {int(number) + 1}" if number.isdecimal() else ""
    return f"step {step!r}{call} ({where})"


def read_recording(path: Path) -> tuple[tuple[RecordedCall, ...], tuple[str, ...]]:
    """The calls that count, and the models the run could ask; half a last line is left out.

    Raises `Unusable` or `ConfigError`.
    """
    models, life = tuple[str, ...](), 0
    calls: list[RecordedCall] = []
    try:
        for entry in _entries(path):
            if isinstance(entry, RecordedCall):
                calls.append(replace(entry, life=life))
            else:
                models, life = entry.models, life + 1
    except OSError as error:
        raise Unusable(
            f"the recording {str(path)!r} cannot be read: {error.strerror}",
            hint="name a file that a recorded run wrote",
        ) from error
    return counting(calls), models


def counting(calls: Iterable[RecordedCall]) -> tuple[RecordedCall, ...]:
    """What a run was told over all its lives.

    A question asked again after a crash counts as it was answered last; a failure counts unless
    a later life asked for the same step again.
    """
    listed = list(calls)
    last = {call.path: call.life for call in listed}
    kept: dict[tuple[str, tuple[Piece, ...], int], RecordedCall] = {}
    for number, call in enumerate(listed):
        if call.failed is None:
            kept[call.where, call.asked, -1] = call
        elif call.life == last[call.path]:
            kept[call.where, call.asked, number] = call
    return tuple(kept.values())


class _Header(Record):
    format: Literal[1]
    models: tuple[str, ...]


class _Line(Record):
    where: str
    step: str
    asked: tuple[tuple[str, str, str], ...]
    texts: dict[str, str]
    reply: Reply | None = None
    failed: Failure | None = None

    @model_validator(mode="after")
    def _one(self) -> _Line:
        if (self.reply is None) == (self.failed is None):
            raise ValueError("a call has an answer or a failure")
        return self


def _entries(path: Path) -> Iterator[_Header | RecordedCall]:
    texts: dict[str, str] = {}
    whole = False
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            if not raw.endswith(b"\n"):
                break
            whole = True
            try:
                yield _entry(raw, number, texts)
            except (ValidationError, KeyError) as error:
                raise ConfigError(
                    "is no line of a recording" if number > 1 else "is no recording",
                    path=str(path),
                    line=number,
                    hint=f"this version reads recordings of format {FORMAT}",
                ) from error
    if not whole:
        raise ConfigError("is empty", path=str(path), hint="record a run first")


def _entry(raw: bytes, number: int, texts: dict[str, str]) -> _Header | RecordedCall:
    if number == 1 or raw.startswith(b'{"format"'):
        return _Header.model_validate_json(raw)
    line = _Line.model_validate_json(raw)
    texts.update(line.texts)
    asked = tuple(Piece(label, place, texts[key]) for label, place, key in line.asked)
    return RecordedCall(line.where, line.step, asked, line.reply, line.failed)
