"""What GitHub says about a plan at one moment; everything in it was written by strangers."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from bot.core.lifecycle.checks import CheckFacts, Conclusion, Failure
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.model import Record
from bot.core.plan import Plan
from bot.core.policy import Need, Policy

Role = Literal["none", "read", "triage", "write", "maintain", "admin"]
ROLES: tuple[Role, ...] = ("none", "read", "triage", "write", "maintain", "admin")
"""From the least right to the most."""


def may(role: Role, need: Need) -> bool:
    """Whether a right is enough."""
    return ROLES.index(role) >= ROLES.index(need)


class Comment(Record):
    """A comment on the plan's issue or on one of its stages' issues or pull requests."""

    id: int
    on: int
    """Number of the issue or pull request."""
    author: str
    bot: bool
    """Written by an App or a machine account."""
    ours: bool
    body: str
    edited: bool
    """Changed since it was first seen: then it commands nothing."""
    role: Role = "none"
    """The author's right now, asked only where the comment holds a command."""


class Tick(Record):
    """A box on the dashboard that is ticked now."""

    box: str
    """What it asks for: `approve`, `approve-2`, `retry-3`, `skip-1`, ..."""
    actor: str = ""
    """Who ticked it, from the delivery; empty when no delivery told."""
    role: Role = "none"


class IssueFacts(Record):
    """An issue as it is now."""

    number: int
    id: int
    node: str
    title: str
    body: str
    state: Literal["open", "closed"]
    locked: bool = False
    labels: tuple[str, ...] = ()
    author: str = ""


class RunFacts(Record):
    """The workflow run of one attempt, found by id or by `run_name`."""

    id: int
    attempt: int
    """Ours, as in the run's name."""
    status: Literal["queued", "in_progress", "completed"]
    conclusion: Conclusion | None = None
    url: str = ""
    outcome: StageOutcome | None = None
    problem: str = ""
    """Why a completed run has no outcome that can be believed."""
    held: bool = False
    """It does not begin, or go on, before a person approves it; it is not completed then."""


class ReviewFacts(Record):
    """A submitted review."""

    id: int
    author: str
    bot: bool = False
    role: Role
    state: Literal["approved", "changes_requested", "commented", "dismissed"]
    body: str = ""


class ThreadFacts(Record):
    """An unresolved thread of review comments; `comments` are (author, text), oldest first."""

    id: str
    """Node id."""
    reply_to: int
    """Id of its first comment."""
    path: str
    line: int
    comments: tuple[tuple[str, str], ...]
    answered: bool = False
    """The last word is ours."""


class PullFacts(Record):
    """The stage's pull request."""

    number: int
    node: str
    state: Literal["open", "closed"]
    merged: bool = False
    merge_commit: str = ""
    draft: bool = False
    base: str
    """Branch it goes to."""
    head: str
    """Commit."""
    title: str = ""
    body: str = ""
    labels: tuple[str, ...] = ()
    conflict: bool | None = None
    """None while GitHub has not worked it out."""
    queued: bool = False
    """In the merge queue."""
    checks: tuple[CheckFacts, ...] = ()
    """On `head`."""
    started: tuple[str, ...] = ()
    """Those of the policy's `dispatch_checks` that were started on `head`."""
    held: tuple[str, ...] = ()
    """Names of the workflows on `head` that do not begin before a person approves them."""
    reviews: tuple[ReviewFacts, ...] = ()
    threads: tuple[ThreadFacts, ...] = ()


class Refusal(Record):
    """What GitHub does not do for an attempt."""

    attempt: int
    kind: str
    """Of the command."""
    words: str
    """GitHub's."""


class StageFacts(Record):
    """One stage as GitHub shows it."""

    number: int
    issue: IssueFacts | None = None
    linked: bool = False
    """It is a sub-issue of the plan's issue."""
    blocked_by: tuple[int, ...] = ()
    """Numbers of the issues it waits for."""
    branch: str = ""
    """Commit at the tip of its branch; empty where there is none."""
    foreign: tuple[str, ...] = ()
    """Authors of commits on the branch that are not ours."""
    pull: PullFacts | None = None
    runs: tuple[RunFacts, ...] = ()
    """The run of the attempt in hand while it is `flying`, and until its pull request shows it."""
    failure: Failure | None = None
    """Read only when every check has ended and one failed."""
    kept: StageOutcome | None = None
    """What led to the commit we left on the branch, from the plan's ref."""
    refused: tuple[Refusal, ...] = ()

    def failed_on(self, head: str) -> Failure | None:
        """What failed on a commit, where that is known."""
        return self.failure if self.failure is not None and self.failure.head == head else None

    def refusal(self, kind: str, attempt: int) -> str:
        """Why GitHub does not do it for an attempt; empty where it does, or was not asked."""
        found = (r.words for r in self.refused if (r.kind, r.attempt) == (kind, attempt))
        return next(found, "")


class RepositoryFacts(Record):
    """The repository and our access to it."""

    full_name: str
    access: Literal["active", "suspended", "gone"] = "active"
    """`gone`: uninstalled, deleted, or taken from the installation."""
    archived: bool = False
    issues: bool = True
    """Whether it has issues; where they are switched off, none can be read."""
    base_branch: str = ""
    base: str = ""
    """Commit at its tip."""
    attempts_today: int = 0
    """Runs we started there since midnight UTC; counted only where the policy limits them."""
    drift: tuple[str, ...] = ()
    """Files the plan quotes that changed on the base since, by other hands than ours."""
    rewritten: bool = False
    """The plan's commit is no longer in the history of the base."""
    sub_issues: bool = True
    """Whether this server has sub-issues."""
    dependencies: bool = True
    workflow: bool = True
    """Whether the stage workflow is there and active."""
    switched_off: bool = False
    """It is there, and not active."""
    drafts: bool = True


class Facts(Record):
    """All of it, read at `now`."""

    now: AwareDatetime
    repository: RepositoryFacts
    policy: Policy
    policy_problem: str = ""
    """Why the configuration cannot be used; nothing is changed then."""
    issue: IssueFacts | None
    """None: deleted, or transferred to where we cannot follow."""
    requested: Role = "none"
    """The right of the person who asked for the plan, now."""
    requested_by: str = ""
    """Who put the trigger label on last, if that is known; `requested` is theirs then."""
    roles: dict[str, Role] = Field(default_factory=dict)
    """The rights, now, of all people whose approvals the plan's stages name, by login."""
    comments: tuple[Comment, ...] = ()
    """Oldest first; of all issues and pull requests of the plan."""
    ticks: tuple[Tick, ...] = ()
    stages: tuple[StageFacts, ...] = ()
    explanations: dict[str, str] = Field(default_factory=dict)
    """Texts for the rules that comments ask to have explained, by what they call them."""
    plan: Plan | None = None
    """The newest one stored; None before there is one."""
    plan_problem: str = ""
    """Why the analysis asked for last (`PlanLife.replans`) gave no plan."""

    def stage(self, number: int) -> StageFacts:
        """The stage, as absent as it is."""
        return next((s for s in self.stages if s.number == number), StageFacts(number=number))
