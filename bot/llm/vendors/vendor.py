"""What the vendors' adapters share: names, one time budget, bounded retries, typed errors.

A stream that breaks off is asked again as a whole, at most as often as anything else: half an
answer is worth nothing to a step. What the vendor bills for the half is not counted, since it never
says how much that was.
"""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from typing import ClassVar, TypeVar

from pydantic import SecretStr

from bot.errors import ModelMisbehaved, OtpError
from bot.llm.types import ModelInfo, OnText, Reply, Request, Usage, unheard
from bot.llm.vendors.exchange import Allowance, Garbled, Overrun
from bot.llm.vendors.vendor_errors import Fault, as_error
from bot.settings import Vendor

T = TypeVar("T")

LONGEST_WAIT = 60.0
"""Seconds; whoever is told to wait longer hears so and decides."""

_FIRST_WAIT, _LAST_WAIT = 0.5, 8.0


def _as_named(name: str) -> str:
    return name


def _unpriced(_model: str, usage: Usage) -> Usage:
    return usage


class VendorModel(ABC):
    """A vendor behind the `Model` protocol; subclasses speak its wire format through its SDK."""

    vendor: ClassVar[Vendor]

    def __init__(
        self,
        key: SecretStr,
        *,
        model: str,
        base_url: str = "",
        timeout: float = 600.0,
        retries: int = 2,
        resolve: Callable[[str], str] = _as_named,
        priced: Callable[[str, Usage], Usage] = _unpriced,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._model = model
        self._base_url = base_url
        self._timeout = timeout
        self._retries = retries
        self._resolve = resolve
        self._priced = priced
        self._pause = pause
        self._clock = clock
        self._opening = threading.Lock()

    @property
    def name(self) -> str:
        return self.vendor

    @property
    def local(self) -> bool:
        return False

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The vendor's answer, or its fallback's; raises a typed error once retries are spent."""
        model = self._resolve(request.options.model or self._model)
        deadline = self._deadline(request)
        try:
            answer = self._ask(request, model, deadline, on_text, self._retries)
            if isinstance(answer, Fault) and answer.kind == "unavailable":
                answer = self._fall_back(request, model, deadline, on_text, answer)
        except ModelMisbehaved as error:
            error.usage = error.usage and self._priced(model, error.usage)
            raise
        if isinstance(answer, Fault):
            raise self._error(answer, model)
        return replace(answer, usage=self._priced(answer.model, answer.usage))

    def _ask(
        self, request: Request, model: str, deadline: float, on_text: OnText, retries: int
    ) -> Reply | Fault:
        return self._persist(
            lambda allowance: self._exchange(request, model, allowance, on_text), deadline, retries
        )

    def _fall_back(
        self, request: Request, model: str, deadline: float, on_text: OnText, fault: Fault
    ) -> Reply | Fault:
        """The answer of the request's other model, asked once, or the fault there already is."""
        named = request.options.fallback_model
        fallback = self._resolve(named) if named else model
        if fallback == model:
            return fault
        answer = self._ask(request, fallback, deadline, on_text, 0)
        if isinstance(answer, Fault):
            return replace(fault, message=f"{fault.message}; nor did {fallback}: {answer.message}")
        notice = f"{self._error(fault, model).message}; {fallback} answered instead"
        return replace(answer, notice="; ".join(filter(None, (notice, answer.notice))))

    def count_tokens(self, request: Request) -> int:
        """As the vendor counts them."""
        model = self._resolve(request.options.model or self._model)
        counted = self._persist(
            lambda allowance: self._count(request, model, allowance),
            self._deadline(request),
            self._retries,
        )
        if isinstance(counted, Fault):
            raise self._error(counted, model)
        return counted

    def describe(self, name: str = "") -> ModelInfo:
        """What the vendor says of a model; raises `Unusable` when it has none of that name."""
        model = self._resolve(name or self._model)
        found = self._soon(lambda allowance: self._info(model, allowance))
        if isinstance(found, Fault):
            raise self._error(found, model)
        return found

    @abstractmethod
    def _exchange(
        self, request: Request, model: str, allowance: Allowance, on_text: OnText
    ) -> Reply:
        """One answer, its usage not yet priced."""

    @abstractmethod
    def _count(self, request: Request, model: str, allowance: Allowance) -> int:
        """Input tokens of the request."""

    @abstractmethod
    def _info(self, model: str, allowance: Allowance) -> ModelInfo:
        """What the vendor's list says of one model."""

    @abstractmethod
    def _names(self, allowance: Allowance) -> list[str]:
        """The models the key may use."""

    @abstractmethod
    def _failures(self) -> tuple[type[Exception], ...]:
        """What the SDK and its HTTP client raise."""

    @abstractmethod
    def _fault(self, error: Exception) -> Fault:
        """One of the `_failures` in our words."""

    def _deadline(self, request: Request) -> float:
        return self._clock() + (request.options.timeout_seconds or self._timeout)

    def _soon(self, attempt: Callable[[Allowance], T]) -> T | Fault:
        """For questions that are quickly answered."""
        return self._persist(attempt, self._clock() + min(self._timeout, 30.0), self._retries)

    def _persist(
        self, attempt: Callable[[Allowance], T], deadline: float, retries: int
    ) -> T | Fault:
        budget = deadline - self._clock()
        fault = Fault("unavailable", "no time was left to ask", reason="timeout")
        for tried in range(1, retries + 2):
            left = deadline - self._clock()
            if left <= 0:
                break
            allowance = Allowance(left, min(left, budget / 2), deadline, self._clock)
            result = self._tried(attempt, allowance)
            if not isinstance(result, Fault):
                return result
            fault = replace(result, tries=tried)
            wait = _wait(fault, tried)
            in_time = wait <= min(LONGEST_WAIT, deadline - self._clock())
            if not fault.passes or tried > retries or not in_time:
                break
            self._pause(wait)
        return fault

    def _tried(self, attempt: Callable[[Allowance], T], allowance: Allowance) -> T | Fault:
        # A fault is returned, not raised: an error raised in here would carry the SDK's error,
        # and with it the request and the key in its headers, as its context.
        try:
            return attempt(allowance)
        except Overrun:
            late = "the time budget ended before the answer did"
            return Fault("unavailable", late, again=False, reason="timeout")
        except Garbled as error:
            return Fault("unavailable", str(error))
        except self._failures() as error:
            return self._fault(error)

    def _error(self, fault: Fault, model: str) -> OtpError:
        suggestion = self._suggestion(model) if fault.kind == "model" else ""
        return as_error(fault, self.vendor, model, self._key.get_secret_value(), suggestion)

    def _suggestion(self, model: str) -> str:
        names = self._soon(self._names)
        near = [] if isinstance(names, Fault) else get_close_matches(model, names, 1, 0.4)
        return f"did you mean {near[0]!r}?" if near else ""


def _wait(fault: Fault, tried: int) -> float:
    if fault.retry_after is not None:
        return fault.retry_after
    spread = 1 - random.random() / 4  # noqa: S311 - spreads retries of parallel steps, no secret
    return min(_FIRST_WAIT * 2.0 ** (tried - 1), _LAST_WAIT) * spread
