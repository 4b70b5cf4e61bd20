"""Workflows, their runs, and what runs leave behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from bot.simulator.records.record import Record

RunStatus = Literal["queued", "in_progress", "completed", "waiting", "requested", "pending"]
RunConclusion = Literal[
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "startup_failure",
]


class Workflow(Record):
    """A workflow file; it stays when the file is gone, so that its runs keep their name."""

    repository_id: int
    path: str
    name: str
    state: Literal["active", "deleted", "disabled_manually"] = "active"
    runs: int = 0
    """How many it has had: the next one's number is one more."""
    created_at: datetime
    updated_at: datetime


class Attempt(BaseModel):
    """How one attempt of a run went; the last one is the run as it now is."""

    number: int
    status: RunStatus
    conclusion: RunConclusion | None = None
    triggering_actor_id: int
    started_at: datetime
    updated_at: datetime


class Run(Record):
    repository_id: int
    workflow_id: int
    suite_id: int
    name: str
    display_title: str
    event: str
    head_branch: str | None
    head_sha: str
    head_commit: dict[str, Any]
    """A "simple commit" of the API: id, tree_id, message, timestamp, author, committer."""
    head_repository_id: int | None
    ref: str
    """In full: `refs/heads/main`, `refs/pull/7/merge`."""
    sha: str = ""
    """GITHUB_SHA and where the workflow file is read: for pull requests the test merge."""
    base_ref: str = ""
    head_ref: str = ""
    """Branches of the pull request; empty for other events."""
    trusted: bool = True
    """Else it runs for a fork: no secrets, and a token that can only read."""
    problem: str = ""
    """Why it ended without running its jobs, or was stopped."""
    run_number: int
    actor_id: int
    pull_ids: list[int] = []
    inputs: dict[str, Any] = {}
    payload: dict[str, Any]
    """Of the event, so that it can be run again."""
    attempts: list[Attempt]
    """The oldest first, never empty."""
    created_at: datetime

    @property
    def latest(self) -> Attempt:
        return self.attempts[-1]


class Step(BaseModel):
    number: int
    name: str
    status: RunStatus
    conclusion: RunConclusion | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Job(Record):
    """A job of one attempt. A job kept from an earlier attempt is a row there only."""

    repository_id: int
    run_id: int
    attempt: int
    key: str
    """Unique in the run and the same in every attempt."""
    name: str
    status: RunStatus
    conclusion: RunConclusion | None = None
    labels: list[str] = []
    steps: list[Step] = []
    outputs: dict[str, str] = {}
    succeeded: bool = False
    """Whether those that need it may go on: also after a failure with continue-on-error."""
    check_run_id: int
    runner_name: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Artifact(Record):
    repository_id: int
    run_id: int
    name: str
    size: int
    digest: str
    """sha256 of the zip, in hex."""
    created_at: datetime
    expires_at: datetime


class Variable(Record):
    repository_id: int
    name: str
    value: str
    created_at: datetime
    updated_at: datetime


class Secret(Record):
    """Kept in the clear: it is on the user's own machine, and jobs need it so."""

    repository_id: int
    name: str
    value: str
    created_at: datetime
    updated_at: datetime


class CacheEntry(Record):
    repository_id: int
    key: str
    version: str
    ref: str
    size: int
    created_at: datetime
    last_accessed_at: datetime


class Attestation(Record):
    repository_id: int
    run_id: int
    digests: list[str]
    """Of its subjects: `sha256:…`."""
    statement: dict[str, Any]
    created_at: datetime
