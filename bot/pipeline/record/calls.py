"""Every model call of a run goes through here: paid answers are kept, budgets hold."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import OtpError, Transient
from bot.llm.types import Model, OnText, Reply, Request, ToolCall, Usage, unheard
from bot.llm.wrapper import Wrapper
from bot.pipeline.budget import Budget
from bot.pipeline.record.checkpoints import Checkpoints, content_key


class Recorder(Protocol):
    """Writes down what was asked and answered; `bot.llm.recording.replay` has one."""

    def record(self, where: str, model: str, request: Request, reply: Reply) -> None:
        """`where` is the step's path and the number of the call in it."""

    def record_failure(self, where: str, model: str, request: Request, error: OtpError) -> None:
        """The same of a call that failed."""


class Answers(Protocol):
    """Recorded replies, for a replay; `bot.llm.recording.replay` has them."""

    def answer(self, where: str, model: str, request: Request) -> Reply:
        """The reply recorded for this call.

        Raises `OtpError`: what the recorded call failed with, or naming what differs.
        """


class Calls:
    """What the model calls of one run share."""

    def __init__(
        self,
        budget: Budget,
        checkpoints: Checkpoints | None = None,
        recorder: Recorder | None = None,
        answers: Answers | None = None,
        on_text: OnText = unheard,
    ) -> None:
        self.budget = budget
        self.checkpoints = checkpoints
        self.recorder = recorder
        self.answers = answers
        self.on_text = on_text
        self._made: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._stored: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def stored(self, path: str, key: str) -> None:
        """An answer to the step at `path` is kept under this key."""
        with self._lock:
            self._stored.setdefault(path, []).append(key)

    def forget(self, path: str) -> None:
        """The answers to this very step were of no use: a later run is to ask anew."""
        with self._lock:
            keys = self._stored.pop(path, [])
        for key in keys:
            if self.checkpoints is not None:
                self.checkpoints.drop(key)

    def bind(
        self, models: Mapping[str, Model], path: str, budget: Budget | None = None
    ) -> dict[str, Model]:
        """The same models, their calls counted and kept under the step at `path`.

        `budget` is that of the block the step is in, where it has one of its own.
        """
        bound = budget or self.budget
        return {name: BoundModel(model, self, path, bound) for name, model in models.items()}

    def number(self, key: str) -> int:
        """How often this was asked before; asking twice is two calls, in every run alike."""
        with self._lock:
            self._made[key] += 1
            return self._made[key] - 1

    def failures(self, model: str) -> int:
        """Calls in a row that this model could not serve, over the whole run."""
        with self._lock:
            return self._failures[model]

    def answered(self, model: str) -> None:
        """It served a call."""
        with self._lock:
            self._failures[model] = 0

    def failed(self, model: str, *keys: str) -> None:
        """It did not; what was asked counts as not asked, so that a later run finds its answer."""
        with self._lock:
            self._failures[model] += 1
            self._made.subtract(keys)


@dataclass(frozen=True)
class BoundModel(Wrapper):
    """A model as one step sees it."""

    inner: Model
    calls: Calls
    path: str
    budget: Budget

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The model's answer, or the one that was paid for already; raises `BudgetSpent`."""
        asked = content_key(self.path, self.inner.name, material(request))
        where = f"{self.path}#{self.calls.number(self.path)}"
        if self.calls.answers is not None:
            return self._replayed(self.calls.answers, where, request)
        key = content_key(asked, self.calls.number(asked))
        kept = None if self.inner.local else self.calls.checkpoints
        record = kept.get(key) if kept is not None else None
        if record is not None:
            self.calls.stored(self.path, key)
            return restored(record)
        self.budget.require()
        try:
            heard = _both(on_text, self.calls.on_text)
            reply = self.inner.complete(self._in_time(request), on_text=heard)
        except OtpError as error:
            if isinstance(error, Transient):
                self.calls.failed(self.inner.name, asked, self.path)
            if self.calls.recorder is not None:
                self.calls.recorder.record_failure(where, self.inner.name, request, error)
            raise
        self.calls.answered(self.inner.name)
        self.budget.charge(reply.usage)
        if self.calls.recorder is not None:
            self.calls.recorder.record(where, self.inner.name, request, reply)
        if kept is not None:
            kept.put(key, dataclasses.asdict(reply))
            self.calls.stored(self.path, key)
        return reply

    def _replayed(self, answers: Answers, where: str, request: Request) -> Reply:
        try:
            reply = answers.answer(where, self.inner.name, request)
        except Transient:
            self.calls.failed(self.inner.name, self.path)
            raise
        self.calls.answered(self.inner.name)
        return reply

    def _in_time(self, request: Request) -> Request:
        """With no more time than the run has left; what is kept and recorded does not say so."""
        left, own = self.budget.seconds_left(), request.options.timeout_seconds
        if left is None or (own is not None and own <= left):
            return request
        options = dataclasses.replace(request.options, timeout_seconds=max(left, 0.001))
        return dataclasses.replace(request, options=options)


def material(request: Request) -> dict[str, Any]:
    """Everything an answer depends on."""
    return dataclasses.asdict(request)


def restored(record: Mapping[str, Any]) -> Reply:
    """A stored reply; it costs nothing a second time."""
    calls = tuple(ToolCall(**call) for call in record["calls"])
    return Reply(**{**record, "calls": calls, "usage": Usage(), "restored": True})


def _both(first: OnText, second: OnText) -> OnText:
    def heard(text: str) -> None:
        first(text)
        second(text)

    return heard
