"""Every model call of a run goes through here: paid answers are kept, budgets hold."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.llm.types import Model, OnText, Reply, Request, ToolCall, Usage, unheard
from bot.pipeline.budget import Budget
from bot.pipeline.checkpoints import Checkpoints, content_key


class Recorder(Protocol):
    """Writes down what was asked and answered; `bot.llm.replay` has one."""

    def record(self, where: str, model: str, request: Request, reply: Reply) -> None:
        """`where` is the step's path and the number of the call in it."""


class Answers(Protocol):
    """Recorded replies, for a replay; `bot.llm.replay` has them."""

    def answer(self, where: str, model: str, request: Request) -> Reply:
        """The reply recorded for this call; raises `OtpError` naming what differs."""


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
        self._lock = threading.Lock()

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


@dataclass(frozen=True)
class BoundModel:
    """A model as one step sees it."""

    inner: Model
    calls: Calls
    path: str
    budget: Budget

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def local(self) -> bool:
        return self.inner.local

    def count_tokens(self, request: Request) -> int:
        """As the model itself counts."""
        return self.inner.count_tokens(request)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The model's answer, or the one that was paid for already; raises `BudgetSpent`."""
        asked = content_key(self.path, self.inner.name, material(request))
        where = f"{self.path}#{self.calls.number(self.path)}"
        if self.calls.answers is not None:
            return self.calls.answers.answer(where, self.inner.name, request)
        key = content_key(asked, self.calls.number(asked))
        kept = None if self.inner.local else self.calls.checkpoints
        record = kept.get(key) if kept is not None else None
        if record is not None:
            return restored(record)
        self.budget.require()
        reply = self.inner.complete(request, on_text=_both(on_text, self.calls.on_text))
        self.budget.charge(reply.usage)
        if self.calls.recorder is not None:
            self.calls.recorder.record(where, self.inner.name, request, reply)
        if kept is not None:
            kept.put(key, dataclasses.asdict(reply))
        return reply


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
