"""Errors of a run: which step failed, and which errors nothing may go on after."""

from __future__ import annotations

from bot.errors import ConfigError, OtpError
from bot.pipeline.budget import BudgetSpent, Cancelled
from bot.pipeline.expr import ExpressionError

ALWAYS_FATAL = (Cancelled, BudgetSpent, ConfigError, ExpressionError)
"""A wrong file, a spent budget or a stopped run is not what `continue_on_error` is for."""


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
