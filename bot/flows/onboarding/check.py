"""What `genesis doctor` says of one thing it looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "warning", "failure", "could-not-check"]

OUTCOMES: tuple[Outcome, ...] = ("ok", "warning", "failure", "could-not-check")


@dataclass(frozen=True)
class Check:
    """One line of the table."""

    group: str
    name: str
    outcome: Outcome
    says: str
    """What was seen, in a sentence without its full stop."""
    fix: str = ""
    """What to do: a command, or the page and the setting."""


@dataclass(frozen=True)
class Group:
    """Makes the checks of one group."""

    name: str

    def ok(self, name: str, says: str) -> Check:
        return Check(self.name, name, "ok", says)

    def warning(self, name: str, says: str, fix: str = "") -> Check:
        return Check(self.name, name, "warning", says, fix)

    def failure(self, name: str, says: str, fix: str) -> Check:
        """`fix` is not left out: a failure that nobody can act on helps nobody."""
        return Check(self.name, name, "failure", says, fix)

    def unknown(self, name: str, says: str, fix: str = "") -> Check:
        """It could not be looked at; `fix` is where a person can."""
        return Check(self.name, name, "could-not-check", says, fix)


def failed(checks: Iterable[Check]) -> bool:
    """Whether anything has to be mended."""
    return any(check.outcome == "failure" for check in checks)
