"""Pull requests, reviews and review threads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.simulator.records.record import Record

Side = Literal["LEFT", "RIGHT"]
ReviewState = Literal["PENDING", "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED"]


class PullRequest(Record):
    """What an issue that is a pull request has beyond the issue."""

    repository_id: int
    issue_id: int
    number: int
    head_repository_id: int | None
    """None once the fork it came from is gone."""
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    maintainer_can_modify: bool = False
    requested_reviewer_ids: list[int] = []
    merged: bool = False
    merged_at: datetime | None = None
    merged_by_id: int | None = None
    merge_commit_sha: str | None = None
    """The merge's commit; before it, the tip of refs/pull/N/merge."""
    merging_sha: str | None = None
    """The tip that a merge under way will give the base. It is kept before the base moves, so that
    after a crash in between it is known what moved it."""
    mergeable: bool | None = None
    """None: not yet worked out for this head and base."""
    compared_sha: str
    """The tip of the base that the figures and `mergeable` hold for; the last one once closed."""
    start_sha: str | None = None
    """Where head left base; None for histories that have nothing in common."""
    commits: int = 0
    behind: int = 0
    """Commits of base that head lacks."""
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    created_at: datetime


class Review(Record):
    repository_id: int
    pull_id: int
    author_id: int
    app_id: int | None = None
    """The App it was made through, if any."""
    body: str = ""
    state: ReviewState
    commit_id: str
    dismissal: str | None = None
    minimized: str | None = None
    """The reason it was minimised for, if it was."""
    created_at: datetime
    submitted_at: datetime | None = None


class ReviewThread(Record):
    repository_id: int
    pull_id: int
    path: str
    resolved: bool = False
    resolved_by_id: int | None = None


class ReviewComment(Record):
    repository_id: int
    pull_id: int
    review_id: int
    thread_id: int
    in_reply_to_id: int | None = None
    author_id: int
    app_id: int | None = None
    body: str
    path: str
    commit_id: str
    original_commit_id: str
    diff_hunk: str
    subject_type: Literal["line", "file"] = "line"
    position: int | None = None
    """None once the line it stood at is gone: the comment is outdated."""
    original_position: int | None = None
    line: int | None = None
    original_line: int | None = None
    side: Side = "RIGHT"
    start_line: int | None = None
    original_start_line: int | None = None
    start_side: Side | None = None
    minimized: str | None = None
    created_at: datetime
    updated_at: datetime
