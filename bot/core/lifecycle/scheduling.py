"""Which stage goes next: one at a time, in order, each from the fresh base."""

from __future__ import annotations

from bot.core.lifecycle import attempts
from bot.core.lifecycle.facts import Facts, may
from bot.core.lifecycle.planning import passed
from bot.core.lifecycle.presence import requested
from bot.core.lifecycle.stages import PEOPLE
from bot.core.lifecycle.state import BUSY, Asked, PlanLife, StageLife


def schedule(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan with its next attempt begun, if there is one and it may."""
    if life.status not in ("open", "stale"):
        return life
    if facts.policy.run == "auto":
        life = _approved_by_policy(life, facts)
    for stage in life.stages:
        if stage.status == "approved":
            life = life.with_stage(_next(life, stage, facts))
    return life


def _next(life: PlanLife, stage: StageLife, facts: Facts) -> StageLife:
    first = next((s for s in life.stages if s.number < stage.number and not passed(s)), None)
    if first is not None:
        return stage.model_copy(update={"reason": f"Waits until stage {first.number} is merged"})
    if any(s.flying or s.status in BUSY for s in life.stages):
        return stage.model_copy(update={"reason": "Waits for the run before it to end"})
    return attempts.begin(life, stage, facts)


def _approved_by_policy(life: PlanLife, facts: Facts) -> PlanLife:
    if not may(requested(life, facts), facts.policy.needs("approve")):
        return life
    asked = Asked(actor=life.requested.actor, source="policy")
    stages = tuple(
        attempts.fresh(s, asked, "first") if s.status == "planned" and s.number != PEOPLE else s
        for s in life.stages
    )
    return life.model_copy(update={"stages": stages})
