"""When a vendor cannot serve a call, the next one is asked, and the answer says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.errors import ModelUnavailable
from bot.llm.catalog import owner
from bot.llm.types import Model, OnText, Reply, Request, unheard

REST = 60.0
"""Seconds for which a vendor that failed is asked last."""


@dataclass(frozen=True)
class Failure:
    """Who did not answer, why, and until when it is asked last."""

    vendor: str
    error: ModelUnavailable
    until: float

    def __str__(self) -> str:
        return f"{self.vendor}: {self.error.message.removeprefix(f'{self.vendor}: ')}"


class Resting:
    """The vendors that failed of late; chains may share it."""

    def __init__(self, seconds: float = REST, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._failed: dict[str, Failure] = {}
        self._lock = threading.Lock()

    def now(self) -> dict[str, Failure]:
        """Those to be asked last, with what happened to them."""
        with self._lock:
            return {name: f for name, f in self._failed.items() if f.until > self._clock()}

    def begin(self, vendor: str, error: ModelUnavailable) -> Failure:
        """It failed; it rests at least as long as it asks for itself."""
        until = self._clock() + max(self._seconds, error.retry_after)
        with self._lock:
            self._failed[vendor] = failure = Failure(vendor, error, until)
        return failure

    def end(self, vendor: str) -> None:
        """It answered."""
        with self._lock:
            self._failed.pop(vendor, None)


class Fallback:
    """A model that answers as its first one, or as the next that is available.

    Only `ModelUnavailable` leads on: what one vendor refuses or misunderstands is not shopped
    around. A `fallback_model` of the same vendor is the adapter's to ask, before it gives up.
    """

    def __init__(self, models: Sequence[Model], resting: Resting | None = None) -> None:
        assert models, "a chain has at least one model"
        self.models = tuple(models)
        self._resting = resting if resting is not None else Resting()

    @property
    def name(self) -> str:
        return self.models[0].name

    @property
    def local(self) -> bool:
        return self.models[0].local

    def count_tokens(self, request: Request) -> int:
        """As the first one counts."""
        return self.models[0].count_tokens(request)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The first answer there is; raises `ModelUnavailable` when nobody can give one."""
        heard = _Heard(on_text)
        resting = self._resting.now()
        failures = [resting[m.name] for m in self.models if m.name in resting]
        for model in sorted(self.models, key=lambda m: m.name in resting):
            failures = [f for f in failures if f.vendor != model.name]
            heard.begin()
            try:
                reply = model.complete(_put_to(model, request), on_text=heard)
            except ModelUnavailable as error:
                failures.append(self._resting.begin(model.name, error))
            else:
                self._resting.end(model.name)
                before = [m.name for m in self.models[: self.models.index(model)]]
                return _noted(reply, model, [f for f in failures if f.vendor in before])
        if len(failures) == 1:
            raise failures[0].error
        raise ModelUnavailable(
            f"no model answers: {'; '.join(map(str, failures))}",
            reason=failures[0].error.reason,
            retry_after=min(failure.error.retry_after for failure in failures),
            hint=failures[0].error.hint,
        ) from failures[-1].error


def _put_to(model: Model, request: Request) -> Request:
    """The request with the name that is for this vendor, where a step names one for each."""
    options = request.options
    if owner(options.fallback_model) != model.name or owner(options.model) in (model.name, None):
        return request
    own = replace(options, model=options.fallback_model, fallback_model="")
    return replace(request, options=own)


def _noted(reply: Reply, model: Model, failures: Sequence[Failure]) -> Reply:
    if not failures:
        return reply
    why = "; ".join(map(str, failures))
    notice = f"{reply.model} ({model.name}) answered, because of {why}"
    return replace(reply, notice=f"{reply.notice}; {notice}" if reply.notice else notice)


class _Heard:
    """Passes text on, and keeps a new answer apart from one that broke off."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._any = False
        self._apart = False

    def begin(self) -> None:
        """An answer from the start."""
        self._apart, self._any = self._any, False

    def __call__(self, text: str) -> None:
        if self._apart and text:
            self._on_text("\n")
            self._apart = False
        self._any = self._any or bool(text)
        self._on_text(text)
