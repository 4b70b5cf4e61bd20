"""Runs again what was recorded: the same questions get the same answers, and no model is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

from bot.errors import Exit, OtpError
from bot.llm.recording.recorded import RecordedCall, called, read_recording
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


class Recording:
    """The calls of one run; each answers once, so one object serves one replay."""

    def __init__(
        self,
        calls: Iterable[RecordedCall],
        models: Iterable[str] = (),
        secrets: Iterable[str] = (),
    ) -> None:
        self._calls = tuple(calls)
        self.models = tuple(models)
        """The models the recorded run could ask, in its order of preference."""
        self._secrets = tuple(secrets)
        self._used: set[int] = set()
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path, *, secrets: Iterable[str] = ()) -> Recording:
        """Read a recording; raises `Unusable` or `ConfigError`."""
        calls, models = read_recording(path)
        return cls(calls, models, secrets)

    def answer(self, where: str, model: str, request: Request) -> Reply:
        """What was answered to this call of this step; raises what it failed with.

        Calls of a step that runs several at once may come in another order: within a step the
        same question finds its answer under any number. Raises `ReplayDiffers`.
        """
        where = writable(where, self._secrets)
        path = where.rpartition("#")[0]
        asked = pieces(model, request, self._secrets)
        found = self._take(asked, lambda call: call.path == path, where)
        if found is not None:
            return found.told()
        question = called(writable(request.step, self._secrets), where)
        recorded = next((c for c in reversed(self._calls) if c.where == where), None)
        if recorded is None or recorded.asked == asked:
            raise self._unknown(question, where)
        raise _differs(question, changes(recorded.asked, asked))

    def answer_anywhere(self, model: str, request: Request) -> Reply:
        """What was answered to the same question in any step; raises `ReplayDiffers`."""
        asked = pieces(model, request, self._secrets)
        found = self._take(asked, lambda call: True, "")
        if found is not None:
            return found.told()
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
    ) -> RecordedCall | None:
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
        return self._calls[number]

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


def _differs(called: str, found: tuple[Change, ...]) -> ReplayDiffers:
    named = [str(change) for change in found[:SHOWN_CHANGES]]
    more = [f"and {len(found) - len(named)} more"] if len(found) > len(named) else []
    return ReplayDiffers(
        f"{called} asks something else than was recorded: {', '.join(named + more)}",
        changes=found,
        hint="undo the change, or record the run anew",
    )
