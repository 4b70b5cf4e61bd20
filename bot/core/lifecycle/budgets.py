"""What attempts may cost: where a person is asked, and where the next day is waited for."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.state import PlanLife, StageLife

APART, SPREAD = 37, 1800
"""Seconds after midnight between plans of consecutive issues, and most of all: who begins is to be
seen by who comes after, or all that were put off would begin at once."""


def spent(life: PlanLife, stage: StageLife, facts: Facts) -> str:
    """Why there is no further attempt unless a person says so; empty where there may be one."""
    limits = facts.policy.limits
    if stage.failures >= limits.attempts:
        return f"{limits.attempts} attempts were made: that is `limits.attempts`"
    if limits.usd_per_stage is not None and stage.usd >= limits.usd_per_stage:
        return f"${stage.usd:.2f} are spent: raise `limits.usd_per_stage` first"
    if limits.usd_per_plan is not None and life.usd >= limits.usd_per_plan:
        return f"${life.usd:.2f} are spent on the plan: raise `limits.usd_per_plan` first"
    return ""


def put_off(life: PlanLife, stage: StageLife, facts: Facts) -> StageLife | None:
    """The stage waiting for the next day in UTC; None where it does not have to."""
    limits, there = facts.policy.limits, facts.repository
    if limits.attempts_per_day is not None and there.attempts_today >= limits.attempts_per_day:
        n = limits.attempts_per_day
        begun = f"{n} attempt{'s' if n > 1 else ''} began in this repository today"
        why = f"{begun}, that is `limits.attempts_per_day`"
        return _waiting(stage, why, facts.now, timedelta(seconds=APART * life.issue % SPREAD))
    dollars = limits.usd_per_plan_day
    if dollars is not None and life.usd_on(day(facts.now)) >= dollars:
        why = f"the plan spent `limits.usd_per_plan_day`, ${dollars:.2f}"
        return _waiting(stage, why, facts.now)
    then = stage.not_before
    if then is not None and facts.now < then and day(facts.now) == day(then):
        return stage
    return None


def _waiting(
    stage: StageLife, why: str, now: datetime, after: timedelta = timedelta()
) -> StageLife:
    then = midnight(now)
    then = then + after if then is not None else None
    until = f"until {then:%Y-%m-%d %H:%M} UTC" if then is not None else "for the next day"
    return stage.model_copy(update={"reason": f"Waits {until}: {why}", "not_before": then})


def day(now: datetime) -> str:
    """`2026-11-25`, in UTC."""
    try:
        return now.astimezone(UTC).date().isoformat()
    except OverflowError:
        return now.date().isoformat()


def midnight(now: datetime) -> datetime | None:
    """When the next day begins in UTC; None at the end of time."""
    try:
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), tzinfo=UTC)
    except OverflowError:
        return None


def allowance(life: PlanLife, stage: StageLife, facts: Facts) -> float | None:
    """US dollars the attempt in hand may cost; None: no limit."""
    limits = facts.policy.limits
    left = [
        limit - used
        for limit, used in (
            (limits.usd_per_stage, stage.usd),
            (limits.usd_per_plan, life.usd),
            (limits.usd_per_plan_day, life.usd_on(day(facts.now))),
        )
        if limit is not None
    ]
    return max(0.0, min(left)) if left else None


def charge(stage: StageLife, outcome: StageOutcome, now: datetime) -> StageLife:
    """The stage with what an attempt cost that ended on this day, and what it left out."""
    today = day(now)
    that_day = stage.usd_that_day if stage.day == today else 0.0
    return stage.model_copy(
        update={
            "usd": stage.usd + outcome.usd,
            "day": today,
            "usd_that_day": that_day + outcome.usd,
            "minutes": stage.minutes + outcome.minutes,
            "dropped": tuple(dict.fromkeys((*stage.dropped, *outcome.dropped))),
        }
    )
