"""Check suites, check runs and commit statuses."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from bot.simulator.records.actions import RunConclusion, RunStatus
from bot.simulator.records.record import Record

CheckStatus = RunStatus
Conclusion = Literal[RunConclusion, "stale"]
"""A job's check run ends as the job does; GitHub makes `stale` what nobody ever ends."""
StatusState = Literal["error", "failure", "pending", "success"]


class Annotation(BaseModel):
    path: str
    start_line: int
    end_line: int
    start_column: int | None = None
    end_column: int | None = None
    annotation_level: Literal["notice", "warning", "failure"]
    title: str | None = None
    message: str
    raw_details: str | None = None


class CheckAction(BaseModel):
    label: str
    description: str
    identifier: str


class HeadCommit(BaseModel):
    """The commit of a suite, as it is shown with it."""

    id: str
    tree_id: str
    message: str
    timestamp: str
    author: dict[str, str]
    committer: dict[str, str]


class CheckSuite(Record):
    repository_id: int
    app_id: int
    head_sha: str
    head_branch: str | None
    head_commit: HeadCommit
    before: str | None = None
    after: str | None = None
    status: CheckStatus = "queued"
    conclusion: Conclusion | None = None
    created_at: datetime
    updated_at: datetime


class CheckRun(Record):
    repository_id: int
    suite_id: int
    app_id: int
    name: str
    head_sha: str
    external_id: str = ""
    details_url: str | None = None
    status: CheckStatus = "queued"
    conclusion: Conclusion | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Annotation] = []
    actions: list[CheckAction] = []
    created_at: datetime


class CommitStatus(Record):
    repository_id: int
    sha: str
    state: StatusState
    context: str
    description: str | None = None
    target_url: str | None = None
    creator_id: int
    created_at: datetime
    updated_at: datetime
