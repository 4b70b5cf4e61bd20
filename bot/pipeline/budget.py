"""Limits of one run, shared by everything nested in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.usage import Usage
from bot.errors import Exit, OtpError, Refused


class Cancelled(OtpError):
    """Somebody stopped the run; finished steps keep their results."""

    exit_code = Exit.INTERRUPTED


class BudgetSpent(Refused):
    """A limit of the run is reached."""

    def __init__(self, message: str, *, hint: str = "", budget: Budget | None = None) -> None:
        super().__init__(message, hint=hint)
        self.budget = budget
        """Whose limit it was; what stands around a block with limits of its own may go on."""


@dataclass(frozen=True)
class Limits:
    """None means unlimited."""

    steps: int | None = 100_000
    seconds: float | None = None
    tokens: int | None = None
    usd: float | None = None


@dataclass
class Budget:
    """What is used so far. Checked before every step and model call, charged after each call."""

    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    steps: int = 0
    usage: Usage = field(default_factory=Usage)
    outer: Budget | None = None
    """What this is a part of: it is charged too, and its limits hold too."""
    started: float = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def part(self, limits: Limits) -> Budget:
        """A budget for a block of the run, with limits of its own."""
        return Budget(limits, self.clock, outer=self)

    def begin_step(self) -> None:
        """Count one more step; raises `BudgetSpent` when a limit is reached."""
        if self.outer is not None:
            self.outer.begin_step()
        with self._lock:
            self.steps += 1
        self._require_own()

    def seconds_left(self) -> float | None:
        """Until the nearest deadline; None without one."""
        own = self.limits.seconds
        outer = self.outer.seconds_left() if self.outer is not None else None
        left = None if own is None else max(own - (self.clock() - self.started), 0.0)
        return min((s for s in (left, outer) if s is not None), default=None)

    def require(self) -> None:
        """Raises `BudgetSpent` when a limit is reached."""
        if self.outer is not None:
            self.outer.require()
        self._require_own()

    def _require_own(self) -> None:
        if self.limits.usd is not None and self.usage.unpriced_calls:
            # A limit that cannot be kept is not a limit.
            raise BudgetSpent(
                f"a limit of {self.limits.usd:g} US dollars cannot be kept: a model without a "
                "known price has answered",
                hint="give its price in a file named by GENESIS_PRICES_FILE, or limit tokens",
                budget=self,
            )
        tokens = self.usage.input_tokens + self.usage.output_tokens
        used = (
            ("steps", self.steps - 1, self.limits.steps),
            ("seconds", self.clock() - self.started, self.limits.seconds),
            ("tokens", tokens, self.limits.tokens),
            ("US dollars", self.usage.usd, self.limits.usd),
        )
        for what, amount, limit in used:
            if limit is not None and amount >= limit:
                raise BudgetSpent(
                    f"the budget of {limit:g} {what} is used up",
                    hint="raise the limit, or run a smaller part",
                    budget=self,
                )

    def charge(self, usage: Usage) -> None:
        """Add what a call used."""
        if self.outer is not None:
            self.outer.charge(usage)
        with self._lock:
            self.usage = self.usage + usage
