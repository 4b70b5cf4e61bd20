"""Editing an issue as one request: all of it is checked before any of it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.simulator.domain.issues.assigning import assignees_named, set_assignees
from bot.simulator.domain.issues.issues import (
    CloseReason,
    check_texts,
    close_issue,
    edit_texts,
    require_edit,
)
from bot.simulator.domain.issues.labelling import set_labels
from bot.simulator.domain.issues.milestones import put_under
from bot.simulator.domain.issues.rights import may_write
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Milestone, Repository
from bot.simulator.world import World


@dataclass(frozen=True)
class Edit:
    """None leaves a part as it is."""

    title: str | None = None
    body: str | None = None
    """Empty: none any more."""
    closed: bool = False
    """Whether to close it. Reopening is apart, as of a pull request it takes a look at git."""
    reason: CloseReason = "completed"
    labels: Sequence[str] | None = None
    assignees: Sequence[str] | None = None
    milestone: Milestone | Literal["none"] | None = None


def edit_issue(
    world: World, caller: Caller, repository: Repository, issue: Issue, edit: Edit
) -> None:
    """Labels, assignees and milestone are dropped, silently, for who may not set them.

    Raises:
        ApiError: 401, 403 or 422.
    """
    require_edit(world, caller, repository, issue)
    check_texts("Issue", edit.title, edit.body)
    chosen = may_write(world, caller, repository, "triage", issue)
    people = None
    if chosen and edit.assignees is not None:
        people = assignees_named(world, repository, edit.assignees, issue)
    if chosen and edit.labels is not None:
        set_labels(world, caller, repository, issue, edit.labels)
    edit_texts(world, caller, repository, issue, title=edit.title, body=edit.body)
    if people is not None:
        set_assignees(world, caller, repository, issue, people)
    if chosen and edit.milestone is not None:
        milestone = None if edit.milestone == "none" else edit.milestone
        put_under(world, caller, repository, issue, milestone)
    if edit.closed:
        close_issue(world, caller, repository, issue, edit.reason)
