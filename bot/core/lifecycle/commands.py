"""What is to be done on GitHub, as data; carrying one out twice changes nothing more than once.

Each is derived from state and facts, and given again until the facts show its effect.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.core.lifecycle.checks import Conclusion
from bot.core.lifecycle.state import Cause
from bot.core.model import Record

Reaction = Literal["eyes", "rocket", "confused", "+1"]


class Command(Record):
    """The base of all; `kind` tells them apart."""


class React(Command):
    """Put our reaction on a comment, or with `comment` 0 on the issue."""

    kind: Literal["react"] = "react"
    issue: int
    comment: int = 0
    content: Reaction


class Analyse(Command):
    """Clone `base`, analyse, plan; store the plan in its ref. The one command that takes long."""

    kind: Literal["analyse"] = "analyse"
    base: str
    goal: str
    replan: int = 0


class PutComment(Command):
    """Create or edit our one comment with this marker on an issue or pull request."""

    kind: Literal["put-comment"] = "put-comment"
    on: int
    marker: str
    """The whole line, as `bot.core.render.github.markers.marker` makes it."""
    body: str
    """Without the marker; what is too long is cut."""


class PutStageIssue(Command):
    """Create or edit the issue of a stage; found by number, else by its marker."""

    kind: Literal["put-stage-issue"] = "put-stage-issue"
    stage: int
    number: int = 0
    title: str
    body: str
    labels: tuple[str, ...] = ()


class LinkStage(Command):
    """Make the stage's issue a sub-issue of the plan's issue."""

    kind: Literal["link-stage"] = "link-stage"
    stage: int
    parent: int
    issue: int


class BlockStage(Command):
    """Say that an issue waits for another one."""

    kind: Literal["block-stage"] = "block-stage"
    issue: int
    by: int


class SetLabels(Command):
    """Add and remove labels; missing ones are created in the repository first."""

    kind: Literal["set-labels"] = "set-labels"
    on: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class CloseIssue(Command):
    """Close an issue, or open it again."""

    kind: Literal["close-issue"] = "close-issue"
    number: int
    state: Literal["open", "closed"] = "closed"
    why: Literal["completed", "not_planned"] = "completed"


class Dispatch(Command):
    """Start the workflow run of an attempt, unless one with its `run_name` exists."""

    kind: Literal["dispatch"] = "dispatch"
    stage: int
    attempt: int
    cause: Cause
    workflow: str
    base: str
    head: str
    """What the attempt builds on or replaces; empty for none."""
    only: str = ""
    dropped: tuple[str, ...] = ()
    minutes: float
    usd: float | None = None


class StartCheck(Command):
    """Start a workflow that checks the stage's branch, unless it was started on `head`."""

    kind: Literal["start-check"] = "start-check"
    stage: int
    workflow: str
    head: str


class CancelRun(Command):
    """Cancel a workflow run."""

    kind: Literal["cancel-run"] = "cancel-run"
    run: int


class RerunFailed(Command):
    """Run the failed jobs of a workflow run once more."""

    kind: Literal["rerun-failed"] = "rerun-failed"
    run: int


class MoveBranch(Command):
    """Put a published commit on the stage's branch if it is where we left it, never else."""

    kind: Literal["move-branch"] = "move-branch"
    stage: int
    attempt: int
    """The attempt that published the commit."""
    to: str
    expected: str
    """Commit the branch must be at; empty: it must not exist."""


class PutPull(Command):
    """Create or edit the pull request of a stage; found by number, else the open one of its branch.

    One that was closed is left alone and never opened again.
    """

    kind: Literal["put-pull"] = "put-pull"
    stage: int
    number: int = 0
    base: str
    title: str
    body: str
    draft: bool = False
    labels: tuple[str, ...] = ()


class MarkReady(Command):
    """Take a pull request out of draft."""

    kind: Literal["mark-ready"] = "mark-ready"
    pull: int
    node: str


class PutCheck(Command):
    """Create or update our check run `genesis/stage-<n>` on a commit."""

    kind: Literal["put-check"] = "put-check"
    stage: int
    head: str
    status: Literal["in_progress", "completed"]
    conclusion: Conclusion | None = None
    title: str
    summary: str
    annotations: tuple[tuple[str, int, str], ...] = ()


class AnswerThread(Command):
    """Reply in a review thread, and resolve it."""

    kind: Literal["answer-thread"] = "answer-thread"
    pull: int
    thread: str
    reply_to: int
    body: str
    resolve: bool = False


AnyCommand = Annotated[
    React
    | Analyse
    | PutComment
    | PutStageIssue
    | LinkStage
    | BlockStage
    | SetLabels
    | CloseIssue
    | Dispatch
    | StartCheck
    | CancelRun
    | RerunFailed
    | MoveBranch
    | PutPull
    | MarkReady
    | PutCheck
    | AnswerThread,
    Field(discriminator="kind"),
]
