"""Asks again as a `retry_config` says, and knows when a vendor is not worth asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.core.usage import Usage
from bot.errors import ModelMisbehaved, ModelUnavailable, OtpError, Transient
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.claude_options import RetryCondition, RetryConfig

LONGEST_PAUSE = 300.0
"""Seconds between two tries, whatever the vendor or the file asks for."""


@dataclass(frozen=True)
class Tried:
    """The end of several tries."""

    outcome: Outcome
    """The last one's, with what all of them cost."""
    errors: tuple[OtpError, ...]
    """Of the failed ones, in order."""


def persistently(
    attempt: Callable[[], Outcome],
    rules: RetryConfig,
    context: StepContext,
    *,
    worth: Callable[[], bool] = lambda: True,
) -> Tried:
    """Try until it succeeds, the tries are used up or the failure is none to try again.

    `worth` is asked before each further try.
    """
    usage, errors = Usage(), list[OtpError]()
    while True:
        outcome = attempt()
        usage = usage + outcome.usage
        if outcome.status != "failed" or outcome.error is None:
            break
        errors.append(outcome.error)
        again = len(errors) <= rules.max_retries and tried_again(outcome.error, rules)
        if not again or not worth():
            break
        _wait(pause_before(len(errors), outcome.error, rules), context)
    return Tried(replace(outcome, usage=usage), tuple(errors))


def tried_again(error: OtpError, rules: RetryConfig) -> bool:
    """Whether a failure is one the rules name."""
    wanted = rules.conditions or ("temporary_error",)
    return any(condition in wanted for condition in conditions_of(error))


def conditions_of(error: OtpError) -> tuple[RetryCondition, ...]:
    """Every name a failure goes by."""
    if isinstance(error, ModelUnavailable):
        return (error.reason, "api_error", "temporary_error")
    if isinstance(error, Transient):
        return ("temporary_error",)
    return ("parsing_error",) if isinstance(error, ModelMisbehaved) and error.violations else ()


def pause_before(retry: int, error: OtpError, rules: RetryConfig) -> float:
    """Seconds to wait before the `retry`-th further try; never less than the vendor asks for."""
    growth = 2 ** (retry - 1) if rules.backoff_strategy == "exponential" else 1
    asked = error.retry_after if isinstance(error, Transient) else 0.0
    return min(max(rules.base_delay_ms / 1000 * growth, asked), LONGEST_PAUSE)


def _wait(seconds: float, context: StepContext) -> None:
    """In short pieces, so that a run that is stopped does not sleep on."""
    while seconds > 0:
        context.run.check_cancelled()
        context.engine.pause(min(seconds, 1.0))
        seconds -= 1.0
    context.run.check_cancelled()
