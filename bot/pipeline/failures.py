"""How steps end early: which failed, which errors nothing may go on after, and jumps in loops."""

from __future__ import annotations

from typing import Literal

from bot.errors import ConfigError, OtpError
from bot.pipeline.budget import Budget, BudgetSpent, Cancelled
from bot.pipeline.expressions.expr import ExpressionError

ALWAYS_FATAL = (Cancelled, BudgetSpent, ConfigError, ExpressionError)
"""A wrong file, a spent budget or a stopped run is not what `continue_on_error` is for."""


class LoopJump(Exception):
    """A `break` or `continue` step ran; the loop around it catches this."""

    def __init__(self, kind: Literal["break", "continue"]) -> None:
        super().__init__(kind)
        self.kind = kind


class StepFailed(OtpError):
    """A step failed; carries its path, and the exit code of its cause."""

    def __init__(self, path: str, cause: OtpError) -> None:
        super().__init__(cause.message, hint=cause.hint)
        self.path = path
        self.cause = cause
        self.exit_code = cause.exit_code


def is_fatal(error: OtpError | None) -> bool:
    """Whether nothing may go on after this error, whatever the pipeline says."""
    cause = error.cause if isinstance(error, StepFailed) else error
    return isinstance(cause, ALWAYS_FATAL)


def spent_within(error: OtpError, budget: Budget) -> bool:
    """Whether the limits of this very block, not of what is around it, ended the work in it."""
    cause = error.cause if isinstance(error, StepFailed) else error
    return isinstance(cause, BudgetSpent) and cause.budget is budget
