"""What can go wrong, by who has to react, and the exit code each kind ends the command line with.

Verdicts (passed, failed, cannot build here, ...) are data (`bot.core.verdict`), never exceptions.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bot.core.usage import Usage

Unavailability = Literal["timeout", "rate_limit", "overloaded", "api_error"]
"""What a vendor's failure to answer was; `api_error` is everything else."""

PushRule = Literal["stale", "protected", "rejected"]
"""`stale`: the ref is not where it was expected, or is no ancestor; `protected`: a branch rule;
`rejected`: anything else the server said no to."""


class Exit(IntEnum):
    """Exit codes of `genesis`; the table in README.md is checked against this class."""

    OK = 0
    FINDINGS = 1
    """`analyze --fail-on` met a finding at or above the given severity, or `doctor` a failure."""
    USAGE = 2
    UNUSABLE = 3
    """The input cannot be worked on: no git repository, no commit, no Elixir, no such plan."""
    CANNOT_BUILD = 4
    """No build or no tests here to verify a fix by; fixes are patches, nothing was committed."""
    UNRESOLVED = 5
    """At least one selected automatic action failed its verification and was undone."""
    CONFIG = 6
    """A pipeline, configuration or baseline file is wrong."""
    BUSY = 7
    """Another genesis process works on this repository."""
    MODEL = 8
    """A step needs a model and no key is set, or the model misbehaved."""
    INTERNAL = 70
    INTERRUPTED = 130


class OtpError(Exception):
    """Base of every expected error: `message` says what happened, `hint` what to do next."""

    exit_code: Exit = Exit.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class Misused(OtpError):
    """The command line, or what stands for it on a workflow runner, is wrong."""

    exit_code = Exit.USAGE


class Unusable(OtpError):
    """The repository or the arguments cannot be worked on."""

    exit_code = Exit.UNUSABLE


class Busy(OtpError):
    """Another process holds the lock of this repository."""

    exit_code = Exit.BUSY


class ConfigError(OtpError):
    """A file written by a person is wrong; carries where."""

    exit_code = Exit.CONFIG

    def __init__(
        self, message: str, *, path: str, line: int = 0, column: int = 0, hint: str = ""
    ) -> None:
        where = ":".join(str(p) for p in (path, line, column) if p)
        super().__init__(f"{where}: {message}", hint=hint)
        self.path, self.line, self.column = path, line, column
        self.bare = message
        """The message without the place."""


class Refused(OtpError):
    """A rule of ours forbids it: budget, permission, policy, a path outside the work tree."""

    exit_code = Exit.UNUSABLE


class Transient(OtpError):
    """Worth trying again after `retry_after` seconds."""

    exit_code = Exit.INTERNAL

    def __init__(self, message: str, *, retry_after: float = 1.0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ModelMisbehaved(OtpError):
    """The model's answer breaks its contract after the allowed repairs."""

    exit_code = Exit.MODEL

    def __init__(
        self,
        message: str,
        *,
        reply: str = "",
        violations: tuple[str, ...] = (),
        usage: Usage | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.reply, self.violations = reply, violations
        self.usage = usage
        """What the useless answers cost all the same; None when nothing was answered."""


class ModelUnavailable(Transient):
    """The vendor did not answer in time, is overloaded or limits us, after all retries."""

    exit_code = Exit.MODEL

    def __init__(
        self,
        message: str,
        *,
        reason: Unavailability = "api_error",
        retry_after: float = 1.0,
        hint: str = "",
    ) -> None:
        super().__init__(message, retry_after=retry_after, hint=hint)
        self.reason = reason


class Unreachable(Transient):
    """A server does not answer, or says that it cannot now, after all retries."""


class NotThere(Unusable):
    """The server has no such repository or ref, or does not show it to this token."""


class Unauthorised(Refused):
    """The server does not take the token, or the token may not do this."""


class PushRefused(Refused):
    """The server has not moved a ref; `why` says what kind of rule stood against it."""

    def __init__(self, message: str, *, why: PushRule, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


class NoMatch(Refused):
    """The text an edit should replace is not there, or not once; `hint` shows what comes near."""


class ToolRetry(OtpError):
    """For the model inside the tool loop: the call was wrong, say it differently."""


class ToolFailed(OtpError):
    """For the model inside the tool loop: this tool cannot do it, whatever is asked."""


class AgentStopped(OtpError):
    """An agent ended its work before the task was done; what it did is in the step's data."""

    exit_code = Exit.MODEL


class NeedsModel(OtpError):
    """The offline model does not serve this step; `hint` names the key to set."""

    exit_code = Exit.MODEL


class CommandFailed(OtpError):
    """A child process ended badly; `tail` holds the end of its output."""

    exit_code = Exit.INTERNAL

    def __init__(
        self, argv: tuple[str, ...], returncode: int, tail: str, *, hint: str = ""
    ) -> None:
        super().__init__(
            f"{' '.join(argv[:3])} ended with {returncode}: {tail[-400:].strip()}", hint=hint
        )
        self.argv, self.returncode, self.tail = argv, returncode, tail
