"""What failed on a pull request's head, from the logs of its failed jobs."""

from __future__ import annotations

from bot.core.lifecycle.facts import CheckFacts, Failure, PullFacts
from bot.core.policy import Policy
from bot.github.reading.checks import failed_checks
from bot.github.reading.context import Reading


def failure_of(reading: Reading, policy: Policy, pull: PullFacts | None) -> Failure | None:
    """The failure, once every check that counts has ended; None where nothing failed."""
    if pull is None:
        return None
    failed = failed_checks(pull.checks, policy)
    return None if not failed else _reduced(reading, pull, failed)


def _reduced(reading: Reading, pull: PullFacts, failed: tuple[CheckFacts, ...]) -> Failure:
    raise NotImplementedError
