"""How states are called before people."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import BUSY, PlanLife, PlanStatus, StageLife, StageStatus
from bot.core.plan import STAGE_TITLES, StagePlan

STAGE: Mapping[StageStatus, str] = {
    "planned": "⚪ planned",
    "approved": "🔵 approved",
    "queued": "🔵 queued",
    "running": "🔄 running",
    "pr-open": "🔄 pull request open",
    "checking": "🔄 checks are running",
    "retrying": "🔄 next attempt",
    "awaiting-review": "👀 waits for review",
    "queued-to-merge": "🔄 in the merge queue",
    "merged": "✅ merged",
    "needs-human": "🙋 needs you",
    "blocked-by-policy": "⛔ not allowed by the configuration",
    "paused": "⏸️ paused",
    "skipped": "⚪ skipped",
    "stale": "⚠️ stale",
    "cancelled": "⚪ cancelled",
    "orphaned": "⚠️ its issue is gone",
}

PLAN: Mapping[PlanStatus, str] = {
    "planning": "being made",
    "open": "open",
    "paused": "paused",
    "stale": "stale: the base branch has changed under it",
    "done": "done",
    "cancelled": "cancelled",
    "orphaned": "orphaned: its issue or repository is out of reach",
}


def money(usd: float) -> str:
    """`$0.42`; `$0` for nothing, and never `$0.00` for something."""
    if usd <= 0:
        return "$0"
    return f"${usd:.2f}" if usd >= 0.01 else "under $0.01"


def minutes(count: float) -> str:
    """`3 min`, `2 h 5 min`."""
    whole = round(count)
    if whole < 1:
        return "under 1 min" if count > 0 else "0 min"
    hours, rest = divmod(whole, 60)
    return " ".join(f"{n} {unit}" for n, unit in ((hours, "h"), (rest, "min")) if n)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 action`, `2 actions`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def stage_title(number: int) -> str:
    """The stage's name without what stands in brackets: `Critical fixes`."""
    return STAGE_TITLES[number].partition(" (")[0]


def planned(facts: Facts, number: int) -> StagePlan | None:
    """The stage in the plan; None where there is no plan."""
    stages = facts.plan.stages if facts.plan else ()
    return next((s for s in stages if s.number == number), None)


def idle(stage: StageLife, facts: Facts) -> bool:
    """The plan has nothing to do in this stage."""
    part = planned(facts, stage.number)
    return part is not None and not part.actions and stage.status in ("planned", "skipped")


def status_of(stage: StageLife, facts: Facts) -> str:
    """Where a stage stands, in a few words."""
    if idle(stage, facts):
        return "⚪ nothing to do"
    if stage.status in BUSY and stage.reason:
        return STAGE["needs-human"]
    if stage.status == "planned" and stage.number not in facts.policy.stages:
        return "⚪ for people"
    return STAGE[stage.status]


def attempts(stage: StageLife, facts: Facts) -> str:
    """How many attempts were made, and how many of those allowed are spent."""
    if not stage.attempt:
        return ""
    return f"{stage.attempt} ({stage.failures} of {facts.policy.limits.attempts} spent)"


def runnable(life: PlanLife, facts: Facts) -> tuple[StageLife, ...]:
    """Stages that may be run at all and have something to do."""
    found = []
    for stage in life.stages:
        part = planned(facts, stage.number)
        if stage.number in facts.policy.stages and (part is None or part.actions):
            found.append(stage)
    return tuple(found)
