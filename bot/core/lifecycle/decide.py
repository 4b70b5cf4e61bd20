"""From a plan's life and what GitHub shows of it to the next life, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.lifecycle import (
    asking,
    delivery,
    planning,
    presence,
    projection,
    running,
    scheduling,
    stages,
)
from bot.core.lifecycle.commands import AnyCommand
from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import BUSY, PlanLife

SWITCHED_ON = timedelta(minutes=10)
"""Between two looks whether a workflow is there that a stage waits for: no delivery tells."""

STEPS = 8
"""One step may make the next one possible; more than a few never happen."""


@dataclass(frozen=True)
class Decision:
    """The life to be stored first, and then the commands to be carried out, in their order."""

    life: PlanLife
    commands: tuple[AnyCommand, ...]
    look_again: datetime | None = None
    """When to look even if nothing is heard until then."""


def decide(life: PlanLife, facts: Facts) -> Decision:
    """What is next. Pure, and total: whatever the facts say, it raises nothing."""
    facts = _sound(facts)
    for _ in range(STEPS):
        before, life = life, _step(life, facts)
        if life == before:
            break
    return Decision(life, tuple(_commands(life, facts)), _look_again(life, facts))


def _step(life: PlanLife, facts: Facts) -> PlanLife:
    readable = presence.readable(facts)
    life = presence.observe(running.settle(life, facts) if readable else life, facts)
    if not readable or facts.issue is None:
        return life
    life = planning.observe(stages.observe(life, facts), facts)
    life = asking.observe(life, facts)
    return scheduling.schedule(planning.observe(life, facts), facts)


def _sound(facts: Facts) -> Facts:
    """Without a plan whose actions wait for each other."""
    try:
        if facts.plan is not None:
            facts.plan.actions()
    except (ValueError, RecursionError):
        problem = "the actions of the plan that is stored wait for each other"
        return facts.model_copy(update={"plan": None, "plan_problem": problem})
    return facts


def _commands(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    if not presence.readable(facts):
        return
    yield from delivery.cancellations(life, facts)
    if facts.issue is None or facts.issue.locked or facts.issue.number != life.issue:
        return
    yield from projection.plan_issue(life, facts)
    yield from projection.stage_issues(life, facts)
    yield from delivery.deliveries(life, facts)
    yield from projection.conversation(life, facts)
    yield from projection.analysis(life, facts)


def _look_again(life: PlanLife, facts: Facts) -> datetime | None:
    """The first moment at which waiting ends."""
    waits: list[timedelta] = []
    for stage in life.stages:
        if (stage.flying or stage.status in BUSY) and stage.dispatched is not None:
            passed = facts.now - stage.dispatched
            waits += [limit - passed for limit in (running.LISTED, running.UNSEEN)]
            since = running.began(stage) or facts.now
            waits.append(running.deadline(facts) - (facts.now - since))
        if stage.status in ("pr-open", "checking") and stage.since is not None:
            limit = timedelta(minutes=facts.policy.checks_minutes)
            waits.append(limit - (facts.now - stage.since))
        if life.status not in presence.HELD and stages.undecided(stage, facts):
            waits.append(stages.WORKED_OUT)
        if stage.status == "approved" and stage.not_before is not None:
            waits.append(stage.not_before - facts.now)
        if stage.status == "approved" and not facts.repository.workflow:
            waits.append(SWITCHED_ON)
    waits += [asking.GRACE - (facts.now - since) for since in life.unclaimed.values()]
    ahead = [wait for wait in waits if wait > timedelta()]
    try:
        return facts.now + min(ahead) if ahead else None
    except OverflowError:
        return None
