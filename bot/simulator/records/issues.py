"""Issues and what hangs on them. A pull request is an issue too, as on GitHub."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from bot.simulator.records.record import Record

ReactionContent = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]
Subject = Literal["issue", "comment", "review_comment"]


class Issue(Record):
    repository_id: int
    number: int
    title: str
    body: str | None = None
    author_id: int
    app_id: int | None = None
    """The App it was made through, if any."""
    state: Literal["open", "closed"] = "open"
    state_reason: Literal["completed", "reopened", "not_planned", "duplicate"] | None = None
    locked: bool = False
    lock_reason: str | None = None
    label_ids: list[int] = []
    assignee_ids: list[int] = []
    milestone_id: int | None = None
    pull_id: int | None = None
    parent_id: int | None = None
    sub_issue_ids: list[int] = []
    """In their order of priority."""
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    closed_by_id: int | None = None


class Comment(Record):
    """A comment on an issue or on a pull request's conversation."""

    repository_id: int
    issue_id: int
    author_id: int
    app_id: int | None = None
    body: str
    minimized: str | None = None
    """The reason it was minimised for, if it was."""
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None = None
    """When its text was last changed, be it within the second it was made in."""


class Dependency(Record):
    """One issue waits for another."""

    blocked_id: int
    blocking_id: int


class Tombstone(Record):
    """The number of an issue that was deleted: it answers 410 from then on."""

    repository_id: int
    number: int


class Reaction(Record):
    subject: Subject
    subject_id: int
    account_id: int
    content: ReactionContent
    created_at: datetime


class TimelineEvent(Record):
    """What happened to an issue, besides comments and reviews: labeled, closed, renamed …"""

    repository_id: int
    issue_id: int
    event: str
    actor_id: int
    app_id: int | None = None
    commit_id: str | None = None
    details: dict[str, Any] = {}
    """The further keys of the event's body, e.g. `{"label": {"name": …, "color": …}}`; accounts
    and other issues stand there by their id."""
    created_at: datetime
