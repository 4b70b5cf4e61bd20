"""Checks on a commit, and what is known of those that failed."""

from __future__ import annotations

from typing import Literal

from bot.core.model import Record

Conclusion = Literal[
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
]

FAILED: frozenset[str] = frozenset({"failure", "timed_out", "startup_failure", "cancelled"})


class CheckFacts(Record):
    """A check run or commit status on the head of a pull request."""

    name: str
    app: str
    """Slug; empty for a commit status."""
    ours: bool = False
    status: Literal["queued", "in_progress", "completed"]
    conclusion: Conclusion | None = None
    run: int = 0
    """Its workflow run; 0 where it has none."""
    url: str = ""
    title: str = ""


class Failure(Record):
    """What failed on a pull request's head, reduced from its logs.

    What is red on the base as well is named, and in nothing else of it.
    """

    head: str
    inherited: tuple[str, ...] = ()
    """Names of the failed checks that are red on the base in the same way."""
    innocent: bool = False
    """Nothing failed but those."""
    text: str
    """Parsed blocks first, then a capped tail; masked."""
    fingerprint: str
    paths: tuple[str, ...] = ()
    """Files of the repository that the failures name, most named first."""
    runs: tuple[int, ...] = ()
    """Workflow runs with failed jobs."""
    rerun: tuple[int, ...] = ()
    """Those of `runs` that ran more than once (`run_attempt` > 1)."""
    refused: tuple[int, ...] = ()
    """Those of `runs` that GitHub is known not to run again: too old, too often, gone."""
    annotations: tuple[tuple[str, int, str], ...] = ()
    """(path, line, message)."""
