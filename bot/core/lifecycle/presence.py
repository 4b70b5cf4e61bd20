"""Whether a plan may go on at all: the repository, our access to it, the issue and its label.

An obstacle holds the plan as long as it is there; what a person stopped stays stopped until a
person goes on. Either way the plan remembers what it goes back to.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.lifecycle.attempts import abandon
from bot.core.lifecycle.facts import Facts, IssueFacts, Role, may
from bot.core.lifecycle.state import Asked, PlanLife, PlanStatus

HELD: frozenset[PlanStatus] = frozenset({"paused", "cancelled", "orphaned"})


@dataclass(frozen=True)
class Obstacle:
    """What holds a plan."""

    status: PlanStatus
    reason: str
    gives_up: bool = False
    """Attempts in flight are of no use any more."""


GONE = Obstacle("orphaned", "The App cannot reach the repository; install it there again")
SUSPENDED = Obstacle("paused", "The App is suspended; an owner has to lift that")


def phase(life: PlanLife) -> PlanStatus:
    """Where the plan stands apart from what holds it."""
    if life.status in HELD:
        return life.before if life.before and life.before not in HELD else "open"
    return life.status


def readable(facts: Facts) -> bool:
    """Whether the facts tell anything, and whether anything may be changed."""
    there = facts.repository
    return there.access == "active" and not there.archived and not facts.policy_problem


def observe(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan as far as it depends on being allowed to go on."""
    life = _named(life, facts)
    if readable(facts) and facts.issue is not None:
        life = _settled(_labelled(life, facts, facts.issue), facts.issue)
    obstacle = _obstacle(life, facts)
    if obstacle is not None:
        return _hold(life, obstacle)
    if life.stopped:
        return _hold(life, Obstacle("paused", life.stopped, gives_up=True))
    return _go_on(life)


def stop(life: PlanLife, why: str) -> PlanLife:
    """The plan stopped by a person."""
    stopped = life.model_copy(update={"stopped": why})
    return stopped if life.status in HELD else _hold(stopped, Obstacle("paused", why, True))


def resume(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan after a person said to go on, unless something else holds it."""
    return observe(life.model_copy(update={"stopped": ""}), facts)


def _named(life: PlanLife, facts: Facts) -> PlanLife:
    there = facts.repository
    change: dict[str, object] = {}
    if there.access == "active" and there.full_name:
        change["repository"] = there.full_name
    if there.access == "active" and there.base_branch:
        change["base_branch"] = there.base_branch
    if facts.issue is not None and not life.node:
        change["node"] = facts.issue.node
    if facts.requested_by and life.requested.source == "label" and _first(life):
        change["requested"] = Asked(actor=facts.requested_by, source="label")
    return life.model_copy(update=change)


def _settled(life: PlanLife, issue: IssueFacts) -> PlanLife:
    """The plan after its issue is seen as it should be: what a person changes now is meant."""
    closed = issue.state == "closed"
    return life.model_copy(update={"closed": closed}) if closed == (phase(life) == "done") else life


def _labelled(life: PlanLife, facts: Facts, issue: IssueFacts) -> PlanLife:
    """React to the edge: a plan that a person resumed without the label stays resumed."""
    if phase(life) == "done":
        return life
    label = facts.policy.label
    there = label.casefold() in {name.casefold() for name in issue.labels}
    if there == life.labelled:
        return life
    if there:
        return life.model_copy(update={"labelled": True, "stopped": ""})
    if life.requested.source != "label" and _first(life):
        return life.model_copy(update={"labelled": False})
    why = f"The label `{label}` was taken off; put it back or say `/genesis retry` to go on"
    return life.model_copy(update={"labelled": False, "stopped": why})


def _obstacle(life: PlanLife, facts: Facts) -> Obstacle | None:
    there = facts.repository
    if there.access == "gone":
        return GONE
    if there.access == "suspended":
        return SUSPENDED
    if there.archived:
        return Obstacle("paused", "The repository is archived; an admin has to unarchive it")
    if not there.issues:
        return Obstacle("paused", "The repository has its issues switched off; switch them on")
    if facts.policy_problem:
        problem = facts.policy_problem.rstrip(".")
        return Obstacle("paused", f"`.github/otp-genesis.yml` has to be mended: {problem}")
    issue = facts.issue
    if issue is None:
        gone = "The issue was deleted or transferred; label another one to plan anew"
        return Obstacle("orphaned", gone, gives_up=True)
    if issue.number != life.issue:
        gone = f"The issue is #{issue.number} of another repository now; label it there anew"
        return Obstacle("orphaned", gone, gives_up=True)
    if phase(life) == "done":
        return None
    if issue.state == "closed" and not life.closed:
        return Obstacle("cancelled", "The issue was closed; open it again to go on", gives_up=True)
    if issue.locked:
        return Obstacle("paused", "The conversation is locked; unlock it to go on")
    need = facts.policy.needs("plan")
    if _first(life) and not may(requested(life, facts), need):
        asked = f"A plan is for people with the role {need} to ask for: `/genesis plan`"
        return Obstacle("paused", asked)
    return None


def requested(life: PlanLife, facts: Facts) -> Role:
    """The right, now, of the person who asked for the plan."""
    asked = life.requested
    if asked.source != "comment":
        return facts.requested
    said = (c for c in facts.comments if c.id == asked.id and c.author == asked.actor)
    return next((c.role for c in said if not c.bot), "none")


def _first(life: PlanLife) -> bool:
    """Whether there was no plan yet."""
    return phase(life) == "planning" and not life.stages


def _hold(life: PlanLife, obstacle: Obstacle) -> PlanLife:
    stages = life.stages
    if obstacle.gives_up or life.stopped:
        stages = tuple(abandon(stage) for stage in stages)
    held = {"status": obstacle.status, "before": phase(life), "reason": obstacle.reason}
    return life.model_copy(update={**held, "stages": stages})


def _go_on(life: PlanLife) -> PlanLife:
    if life.status not in HELD:
        return life
    return life.model_copy(update={"status": phase(life), "before": None, "reason": ""})
