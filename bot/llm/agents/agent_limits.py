"""How far an agent may go, and when it has gone that far."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.usage import Usage


@dataclass(frozen=True)
class AgentLimits:
    """None means unlimited; the run's own budget holds in any case."""

    steps: int = 40
    """Replies of the model."""
    tokens: int | None = None
    """Read and written, over all replies."""
    usd: float | None = None
    seconds: float | None = None
    failures: int = 5
    """Replies in a row whose every call failed. One reply may hold many calls."""
    repairs: int = 2
    """How often `done` is sent back, because of its data or a call beside it that failed."""
    context: int = 120_000
    """Estimated tokens of one request; old tool results give way above it."""


@dataclass
class Spent:
    """What an agent has used so far."""

    steps: int = 0
    usage: Usage = field(default_factory=Usage)
    latest: Usage = field(default_factory=Usage)
    failures: int = 0
    """Replies in a row whose every call failed."""
    refusals: int = 0
    """`done` calls that were sent back."""

    def charge(self, usage: Usage) -> None:
        """Count one reply."""
        self.steps += 1
        self.usage, self.latest = self.usage + usage, usage


def reached(limits: AgentLimits, spent: Spent, seconds: float) -> str:
    """The limit that stops the agent now, empty where it may go on."""
    used = (
        ("replies", spent.steps, limits.steps),
        ("tokens", _tokens(spent.usage), limits.tokens),
        ("US dollars", spent.usage.usd, limits.usd),
        ("seconds", seconds, limits.seconds),
    )
    for what, amount, limit in used:
        if limit is not None and amount >= limit:
            return f"the limit of {limit:g} {what} is reached"
    if spent.failures >= limits.failures:
        return f"{spent.failures} replies in a row held nothing but failed calls"
    if spent.refusals > limits.repairs:
        return f"done was sent back {spent.refusals} times"
    if limits.usd is not None and spent.usage.unpriced_calls:
        return f"the model's price is not known, so {limits.usd:g} US dollars cannot be kept"
    return ""


def next_is_last(limits: AgentLimits, spent: Spent) -> bool:
    """Whether one more reply, as large as the latest, reaches a limit.

    Time is left out: what a model is told may not depend on the clock, or no run could be
    repeated from its paid answers.
    """
    if spent.steps + 1 >= limits.steps:
        return True
    after = spent.usage + spent.latest
    if limits.tokens is not None and _tokens(after) >= limits.tokens:
        return True
    return limits.usd is not None and spent.latest.usd > 0 and after.usd >= limits.usd


def _tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens
