"""Where a plan on GitHub stands: only what cannot be read from GitHub again.

Stored as `lifecycle.json` in the plan's ref. Approvals name who gave them and where; whoever acts
on one asks GitHub again whether that person may.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from bot.core.model import Record

PlanStatus = Literal["planning", "open", "paused", "stale", "done", "cancelled", "orphaned"]
"""`stale`: the base changed under the plan; `orphaned`: its issue or repository is gone."""

StageStatus = Literal[
    "planned",
    "approved",
    "queued",
    "running",
    "pr-open",
    "checking",
    "retrying",
    "awaiting-review",
    "queued-to-merge",
    "merged",
    "needs-human",
    "blocked-by-policy",
    "paused",
    "skipped",
    "stale",
    "cancelled",
    "orphaned",
]

BUSY: frozenset[StageStatus] = frozenset({"queued", "running", "retrying"})
"""An attempt is asked for or under way."""

REVIEWABLE: frozenset[StageStatus] = frozenset(
    {"pr-open", "checking", "awaiting-review", "queued-to-merge"}
)
"""There is a pull request, and it is somebody's turn."""

ENDED: frozenset[StageStatus] = frozenset({"merged", "skipped", "cancelled", "orphaned"})
"""Nothing more will happen unless a person asks."""

Cause = Literal["first", "checks", "review", "conflict", "asked"]
"""Why an attempt is made: `asked` is `/genesis retry`."""


class Asked(Record):
    """Who asked for something, and where."""

    actor: str
    """Login."""
    source: Literal["label", "comment", "tick", "review", "policy"]
    """`policy`: the configuration runs stages without being asked."""
    id: int = 0
    """Id of the comment or review; 0 where there is none."""


class StageLife(Record):
    """One stage and the attempt in hand."""

    number: int = Field(ge=1, le=5)
    status: StageStatus = "planned"
    before: StageStatus | None = None
    """What to return to when a pause ends."""
    issue: int = 0
    """Number of the stage's issue; 0 before it exists."""
    approved: Asked | None = None
    only: str = ""
    """The one action asked for by `/genesis fix stage N ACTION`; empty for all of the stage."""
    attempt: int = Field(default=0, ge=0)
    """Number of the attempt in hand, 0 before the first; never used twice."""
    cause: Cause = "first"
    base: str = ""
    """Commit of the base branch the attempt in hand starts from."""
    head: str = ""
    """Commit we last put on the stage's branch; anything else there is somebody else's."""
    tree: str = ""
    """Its tree, as the run told it; empty where it told none."""
    feedback: str = ""
    """What failed, for the next attempt; masked and capped, data and never instructions."""
    dropped: tuple[str, ...] = ()
    """Actions that failed in the checks and are left out of further attempts."""
    run: int = 0
    """The workflow run of the attempt in hand; 0 while unknown."""
    flying: bool = False
    """Its run was asked for and is not seen to have ended, whatever became of the stage since."""
    dispatched: AwareDatetime | None = None
    since: AwareDatetime | None = None
    """When it came to where it stands, or its checks began anew."""
    pull: int = 0
    past: tuple[int, ...] = ()
    """Pull requests that were closed without merging; never looked at again."""
    ready: bool = False
    """The pull request was seen out of draft; who makes it a draft again means it."""
    reran: tuple[int, ...] = ()
    """Workflow runs whose failed jobs were to run once more."""
    stuck: str = ""
    """Why its red checks wait for a person; empty while they do not, or once they begin anew."""
    fingerprints: tuple[str, ...] = ()
    """Of the failures seen, in order; the same one twice in a row stops."""
    reviews: tuple[int, ...] = ()
    """Reviews that led to an attempt."""
    threads: tuple[str, ...] = ()
    """Review threads that the attempt in hand is to answer, by node id."""
    failures: int = Field(default=0, ge=0)
    """Attempts spent since a person last asked."""
    usd: float = 0.0
    minutes: float = 0.0
    day: str = ""
    """The day, in UTC, on which the newest of its runs ended that was paid for."""
    usd_that_day: float = 0.0
    not_before: AwareDatetime | None = None
    """When the next attempt may begin, where a day's limit put it off."""
    reason: str = ""
    """One sentence for a person: why it stands where it stands."""
    merged: str = ""
    """The commit on the base branch."""
    closed: bool = False
    """Its issue was seen closed after the stage ended; who opens it again means it."""


class PlanLife(Record):
    """One plan."""

    schema_version: Literal[1] = 1
    plan: str
    """The issue's number when it was planned; it stays when the issue is transferred."""
    repository: str
    """`owner/name` when last seen."""
    node: str = ""
    """The issue's node id, which a transfer keeps."""
    issue: int
    status: PlanStatus = "planning"
    before: PlanStatus | None = None
    reason: str = ""
    requested: Asked
    goal: str = ""
    base_branch: str = ""
    base: str = ""
    """Commit the plan is made for; fixed when planning begins."""
    handled: tuple[int, ...] = ()
    """Comments that were acted on, or refused."""
    replies: dict[int, str] = Field(default_factory=dict)
    """Answers by comment id that are not seen on GitHub yet."""
    refused: tuple[int, ...] = ()
    """Those of `replies` that say no."""
    ticked: tuple[str, ...] = ()
    """Boxes of the dashboard that were acted on and are still ticked."""
    unclaimed: dict[str, AwareDatetime] = Field(default_factory=dict)
    """Boxes that nobody known ticked, and since when: the delivery that tells may still come."""
    stopped: str = ""
    """Why, where a person stopped it; empty while nobody did."""
    labelled: bool = True
    """The trigger label was on the issue when last seen."""
    closed: bool = False
    """The issue was seen closed after the plan was done; who opens it again means it."""
    stages: tuple[StageLife, ...] = ()
    replans: int = Field(default=0, ge=0)
    """How often a new plan was made in place of an older one."""

    def stage(self, number: int) -> StageLife:
        """The stage; raises `KeyError`."""
        for stage in self.stages:
            if stage.number == number:
                return stage
        raise KeyError(number)

    def with_stage(self, stage: StageLife) -> PlanLife:
        """This with the stage of the same number replaced; raises `KeyError`."""
        self.stage(stage.number)
        stages = tuple(stage if s.number == stage.number else s for s in self.stages)
        return self.model_copy(update={"stages": stages})

    @property
    def usd(self) -> float:
        """US dollars spent so far."""
        return sum(stage.usd for stage in self.stages)

    def usd_on(self, day: str) -> float:
        """US dollars spent on a day in UTC, as far as no later one was paid for."""
        return sum(stage.usd_that_day for stage in self.stages if stage.day == day)
