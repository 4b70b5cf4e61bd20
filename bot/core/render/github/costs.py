"""What was spent, and what the rest may cost."""

from __future__ import annotations

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import ENDED, REVIEWABLE, PlanLife
from bot.core.render.github.words import counted, minutes, money, planned, runnable
from bot.core.render.markdown import table


def cost_so_far(life: PlanLife, facts: Facts) -> str:
    """One sentence: money and time spent, and the limit."""
    limit = facts.policy.limits.usd_per_plan
    spent = sum(stage.minutes for stage in life.stages)
    of = f" of {money(limit)}" if limit is not None else ""
    return f"Spent so far: {money(life.usd)}{of}, {minutes(spent)} of work."


def estimate(life: PlanLife, facts: Facts) -> str:
    """One or two sentences: what is left to do and the most it can cost."""
    left = [s for s in runnable(life, facts) if s.status not in ENDED | REVIEWABLE]
    parts = [part for stage in left if (part := planned(facts, stage.number)) is not None]
    actions = [action for part in parts for action in part.actions]
    if not actions:
        return "Nothing is left to do."
    free = sum(1 for action in actions if action.fix == "automatic")
    rest = len(actions) - free
    kinds = [f"{free} without a model, which costs nothing"] if free else []
    kinds += [f"{rest} for a model or a person"] if rest else []
    said = f"Estimate: {counted(len(actions), 'action')} left, {', '.join(kinds)}."
    return f"{said} {_at_most(life, facts, len(left))}" if rest else said


def _at_most(life: PlanLife, facts: Facts, stages: int) -> str:
    limits = facts.policy.limits
    ends = []
    if limits.usd_per_stage is not None:
        ends.append(limits.usd_per_stage * stages)
    if limits.usd_per_plan is not None:
        ends.append(max(0.0, limits.usd_per_plan - life.usd))
    if ends:
        return f"The limits stop it at {money(min(ends))} more."
    if limits.usd_per_plan_day is not None:
        return f"A day may cost {money(limits.usd_per_plan_day)}; no limit is set for the whole."
    return "No limit is set: `limits.usd_per_plan` in `.github/otp-genesis.yml` sets one."


def cost_table(life: PlanLife) -> str:
    """Money, time and attempts of the stages that were tried."""
    rows = [
        (str(s.number), str(s.attempt), money(s.usd), minutes(s.minutes))
        for s in life.stages
        if s.attempt
    ]
    return table(("stage", "attempts", "cost", "time"), rows)
