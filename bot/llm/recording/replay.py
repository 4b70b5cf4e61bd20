"""Runs again what was recorded: the same questions get the same answers, and no model is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from bot.core.model import Record
from bot.errors import ConfigError, Exit, OtpError, Unusable
from bot.llm.recording.recorder import FORMAT
from bot.llm.recording.recorder import Recorder as Recorder
from bot.llm.recording.request_pieces import Change, Piece, changes, pieces, writable
from bot.llm.tokens import estimate_request
from bot.llm.types import Model, OnText, Reply, Request, unheard

SHOWN_CHANGES = 3


class ReplayDiffers(OtpError):
    """The run asks something else than the recorded one did; says which piece changed."""

    exit_code = Exit.MODEL

    def __init__(self, message: str, *, changes: tuple[Change, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.changes = changes

    @property
    def diff(self) -> str:
        """How the first of the changed pieces changed."""
        return "\n".join(change.diff() for change in self.changes[:SHOWN_CHANGES])


class NotRecorded(ReplayDiffers):
    """The run makes a call that the recorded one did not make."""


@dataclass(frozen=True)
class RecordedCall:
    """One question and its answer."""

    where: str
    """Path of the step, `#`, and the number of the call in it from 0."""
    step: str
    asked: tuple[Piece, ...]
    reply: Reply

    @property
    def path(self) -> str:
        """Path of the step."""
        return self.where.rpartition("#")[0]

    def __str__(self) -> str:
        return _called(self.step, self.where)


class Recording:
    """The calls of one run; each answers once, so one object serves one replay."""

    def __init__(
        self,
        calls: Iterable[RecordedCall],
        models: Iterable[str] = (),
        secrets: Iterable[str] = (),
    ) -> None:
        # A call written twice was asked again after a crash; what it was told last counts.
        self._calls = tuple({(call.where, call.asked): call for call in calls}.values())
        self.models = tuple(models)
        """The models the recorded run could ask, in its order of preference."""
        self._secrets = tuple(secrets)
        self._used: set[int] = set()
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path, *, secrets: Iterable[str] = ()) -> Recording:
        """Read a recording; raises `Unusable` or `ConfigError`. Half a last line is left out."""
        models: tuple[str, ...] = ()
        calls = []
        try:
            for entry in _entries(path):
                if isinstance(entry, RecordedCall):
                    calls.append(entry)
                else:
                    models = entry.models
        except OSError as error:
            raise Unusable(
                f"the recording {str(path)!r} cannot be read: {error.strerror}",
                hint="name a file that a recorded run wrote",
            ) from error
        return cls(calls, models, secrets)

    def answer(self, where: str, model: str, request: Request) -> Reply:
        """What was answered to this call of this step.

        Calls of a step that runs several at once may come in another order: within a step the
        same question finds its answer under any number. Raises `ReplayDiffers`.
        """
        where = writable(where, self._secrets)
        path = where.rpartition("#")[0]
        asked = pieces(model, request, self._secrets)
        reply = self._take(asked, lambda call: call.path == path, where)
        if reply is not None:
            return reply
        called = _called(writable(request.step, self._secrets), where)
        recorded = next((c for c in reversed(self._calls) if c.where == where), None)
        if recorded is None or recorded.asked == asked:
            raise self._unknown(called, where)
        raise _differs(called, changes(recorded.asked, asked))

    def answer_anywhere(self, model: str, request: Request) -> Reply:
        """What was answered to the same question in any step; raises `ReplayDiffers`."""
        asked = pieces(model, request, self._secrets)
        reply = self._take(asked, lambda call: True, "")
        if reply is not None:
            return reply
        recorded = next((c for c in self._left() if c.step == request.step), None)
        if recorded is None:
            raise self._unknown(f"step {request.step!r}", request.step)
        raise _differs(str(recorded), changes(recorded.asked, asked))

    def unused(self) -> tuple[str, ...]:
        """The recorded calls that were not made this time."""
        return tuple(call.where for call in self._left())

    def as_models(self) -> dict[str, Model]:
        """Stand-ins for the recorded run's models, in its order."""
        return {name: ReplayModel(self, name) for name in self.models}

    def _take(
        self, asked: tuple[Piece, ...], fits: Callable[[RecordedCall], bool], first: str
    ) -> Reply | None:
        with self._lock:
            found = [
                number
                for number, call in enumerate(self._calls)
                if number not in self._used and fits(call) and call.asked == asked
            ]
            if not found:
                return None
            number = min(found, key=lambda n: (self._calls[n].where != first, n))
            self._used.add(number)
        return replace(self._calls[number].reply, restored=True)

    def _left(self) -> list[RecordedCall]:
        with self._lock:
            return [call for n, call in enumerate(self._calls) if n not in self._used]

    def _unknown(self, called: str, where: str) -> NotRecorded:
        near = get_close_matches(where, [call.where for call in self._calls], 1, 0.0)
        hint = f"the nearest is {near[0]}" if near else "the recording has no calls"
        return NotRecorded(f"{called} is not in the recording", hint=hint)


class ReplayModel:
    """A model that answers what was recorded of the one whose name it bears."""

    local = False

    def __init__(self, recording: Recording, name: str) -> None:
        self._recording = recording
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def count_tokens(self, request: Request) -> int:
        """Estimated."""
        return estimate_request(request)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The recorded answer to the same question; raises `ReplayDiffers`."""
        reply = self._recording.answer_anywhere(self._name, request)
        on_text(reply.text)
        return reply


class _Header(Record):
    format: Literal[1]
    models: tuple[str, ...]


class _Line(Record):
    where: str
    step: str
    asked: tuple[tuple[str, str, str], ...]
    texts: dict[str, str]
    reply: Reply


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
    return RecordedCall(line.where, line.step, asked, line.reply)


def _called(step: str, where: str) -> str:
    number = where.rpartition("#")[2]
    call = f", call {int(number) + 1}" if number.isdecimal() else ""
    return f"step {step!r}{call} ({where})"


def _differs(called: str, found: tuple[Change, ...]) -> ReplayDiffers:
    named = [str(change) for change in found[:SHOWN_CHANGES]]
    more = [f"and {len(found) - len(named)} more"] if len(found) > len(named) else []
    return ReplayDiffers(
        f"{called} asks something else than was recorded: {', '.join(named + more)}",
        changes=found,
        hint="undo the change, or record the run anew",
    )
