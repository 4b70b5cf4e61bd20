"""What is known from the last look at each plan: whether it can be left alone, and until what.

A plan without one is to be looked at, so that everything that goes wrong ends in a look.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime

from bot.core.lifecycle.state import BUSY, ENDED, REVIEWABLE, PlanLife, StageLife
from bot.core.model import Record
from bot.core.plan import Plan
from bot.github.reading.drift import quoted


class Look(Record):
    """What a sweep has to know of a plan that was looked at and left with nothing to do."""

    rests: bool
    """It waits for a person, who is heard of by what is listed for the whole repository."""
    stale: bool
    """The base changed under it, and may change back."""
    numbers: tuple[int, ...]
    """Its issue, the stages' issues and their pull requests."""
    branch: str
    """The base."""
    quoted: tuple[str, ...]
    """Files that it depends on."""
    again: AwareDatetime | None
    """When it is to be looked at, whatever is heard until then."""


class Seen(Record):
    """A repository as a sweep left it: what happened since is asked for the next time."""

    shape: str
    """Digest of what the list of repositories tells of it."""
    label: str
    workflow: str
    """Names of the policy."""
    heads: dict[str, str]
    """Commit by branch, of those that plans are made for."""
    plans: dict[str, str]
    """Digest of a plan's own refs by plan."""
    cursor: str = ""
    """When an issue or comment was changed last, by GitHub's clock."""
    entries: dict[str, str]
    """Digests of what was changed last, which the next list shows once more."""
    round: int = 0
    """How many sweeps there were."""


def look_of(life: PlanLife, plan: Plan | None, again: datetime | None = None) -> Look:
    """After a reaction that left nothing to do."""
    pulls = {n for s in life.stages for n in (s.pull, *s.past)}
    numbers = {life.issue, *pulls, *(s.issue for s in life.stages)} - {0}
    return Look(
        rests=rests(life),
        stale=life.status == "stale" or any(s.status == "stale" for s in life.stages),
        numbers=tuple(sorted(numbers)),
        branch=life.base_branch,
        quoted=tuple(sorted(quoted(plan))) if plan is not None else (),
        again=again,
    )


def rests(life: PlanLife) -> bool:
    """Whether nothing is under way that could come to an end without a word in an issue."""
    busy = life.status == "planning" or life.replies or life.unclaimed
    return not busy and all(map(_rests, life.stages))


def _rests(stage: StageLife) -> bool:
    under_way = stage.flying or {stage.status, stage.before} & (BUSY | REVIEWABLE)
    return not under_way and not (stage.pull and stage.status not in ENDED)
