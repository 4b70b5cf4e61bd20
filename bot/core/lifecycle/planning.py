"""From a request to a plan, and what becomes of a plan when the code changes under it."""

from __future__ import annotations

from bot.core.lifecycle.attempts import within
from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.presence import HELD
from bot.core.lifecycle.stages import PEOPLE, pull_of
from bot.core.lifecycle.state import BUSY, PlanLife, StageLife, StageStatus
from bot.core.plan import StagePlan
from bot.core.sanitize import one_line

GOAL = "Make this application fault-tolerant"
MAX_GOAL = 500
IDLE = "Nothing to do."

WAITING: frozenset[StageStatus] = frozenset({"planned", "approved"})
"""Nothing was made for it yet, if it had no attempt."""


def observe(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan begun, taken over once it is made, and marked where it does not hold any more."""
    if life.status in HELD:
        return life
    if life.status == "planning":
        life = _taken_over(_begun(life, facts), facts)
    if life.status == "planning" or facts.plan is None:
        return life
    life = _permitted(life, facts)
    return _finished(_aged(life, facts), facts)


def planned(facts: Facts, number: int) -> StagePlan | None:
    """A stage of the plan."""
    stages = facts.plan.stages if facts.plan is not None else ()
    return next((s for s in stages if s.number == number), None)


def passed(stage: StageLife) -> bool:
    """Whether the stages after it may go on."""
    return stage.status in ("merged", "skipped", "blocked-by-policy")


def anew(life: PlanLife) -> PlanLife:
    """The plan to be made again for the newest commit; what is merged stays."""
    update = {"status": "planning", "before": None, "base": "", "reason": ""}
    return life.model_copy(update={**update, "replans": life.replans + 1})


def made(life: PlanLife, facts: Facts) -> bool:
    """Whether the plan asked for is there."""
    return facts.plan is not None and bool(life.base) and facts.plan.commit == life.base


def _begun(life: PlanLife, facts: Facts) -> PlanLife:
    there = facts.repository
    lost = there.rewritten and bool(there.base) and there.base != life.base
    if life.base and not (lost and not made(life, facts)):
        reason = facts.plan_problem and (
            f"No plan could be made: {one_line(facts.plan_problem)[:MAX_GOAL].rstrip('.')}."
            " `/genesis plan` tries again"
        )
        return life.model_copy(update={"reason": reason})
    title = facts.issue.title if facts.issue is not None else ""
    goal = one_line(facts.policy.goal or title)[:MAX_GOAL] or GOAL
    empty = "" if there.base else "The base branch has no commit to plan for yet; push one"
    update = {"base": there.base, "goal": goal, "reason": empty}
    return life.model_copy(update={**update, "replans": life.replans + bool(life.base)})


def _taken_over(life: PlanLife, facts: Facts) -> PlanLife:
    if facts.plan is None or not made(life, facts):
        return life
    plan = facts.plan
    stages = {s.number: _next(life, s, facts) for s in plan.stages if 1 <= s.number <= PEOPLE}
    kept = {s.number: s for s in life.stages if s.number not in stages}
    ordered = tuple(s for _, s in sorted({**kept, **stages}.items()))
    return life.model_copy(update={"status": "open", "reason": "", "stages": ordered})


def _next(life: PlanLife, part: StagePlan, facts: Facts) -> StageLife:
    """The life of a stage of a new plan: what is merged or under review stays."""
    old = next((s for s in life.stages if s.number == part.number), StageLife(number=part.number))
    pull = pull_of(old, facts.stage(part.number))
    under_way = pull is not None and pull.state == "open" and not pull.merged
    if old.status == "merged" or old.status in BUSY or under_way:
        return old
    past = (*old.past, old.pull) if old.pull else old.past
    idle = "" if part.actions else IDLE
    return StageLife(
        number=part.number,
        status="skipped" if idle else "planned",
        issue=old.issue if facts.stage(part.number).issue is not None else 0,
        attempt=old.attempt,
        run=old.run,
        flying=old.flying,
        dispatched=old.dispatched,
        head=old.head,
        past=past,
        usd=old.usd,
        minutes=old.minutes,
        day=old.day,
        usd_that_day=old.usd_that_day,
        closed=old.closed,
        reason=idle,
    )


def _permitted(life: PlanLife, facts: Facts) -> PlanLife:
    """Stages the configuration leaves out wait for it to change."""
    return life.model_copy(update={"stages": tuple(_allowed(s, facts) for s in life.stages)})


def _allowed(stage: StageLife, facts: Facts) -> StageLife:
    part = planned(facts, stage.number)
    if stage.status in WAITING and part is not None and not part.actions:
        return stage.model_copy(update={"status": "skipped", "reason": IDLE})
    free = stage.number in facts.policy.stages or stage.number == PEOPLE
    if stage.status == "blocked-by-policy" and free:
        back = stage.before or "planned"
        return stage.model_copy(update={"status": back, "before": None, "reason": ""})
    if stage.status in WAITING and not free:
        why = f"`stages` in `.github/otp-genesis.yml` leaves it out; add {stage.number} to run it"
        update = {"status": "blocked-by-policy", "before": stage.status, "reason": why}
        return stage.model_copy(update=update)
    return stage


def _aged(life: PlanLife, facts: Facts) -> PlanLife:
    """Stages still to run are stale while the code they quote is not what it was."""
    stages = tuple(_fresh_or_stale(s, facts) for s in life.stages)
    stale = any(s.status == "stale" for s in stages)
    if life.status not in ("open", "stale"):
        return life.model_copy(update={"stages": stages})
    why = "The code has changed since the plan was made; `/genesis replan` makes a new one"
    status, reason = ("stale", why) if stale else ("open", "")
    return life.model_copy(update={"status": status, "reason": reason, "stages": stages})


def _fresh_or_stale(stage: StageLife, facts: Facts) -> StageLife:
    changed = stage.number != PEOPLE and _changed(stage.number, facts)
    if stage.status == "stale" and not changed:
        back = stage.before or "planned"
        return stage.model_copy(update={"status": back, "before": None, "reason": ""})
    if stage.status in WAITING and not stage.head and changed:
        why = f"{changed} changed since the plan was made; `/genesis replan` makes a new one"
        return stage.model_copy(update={"status": "stale", "before": stage.status, "reason": why})
    return stage


def _changed(number: int, facts: Facts) -> str:
    """What of a stage's quotes does not hold, for a sentence; empty where all do."""
    if facts.repository.rewritten:
        return "The base branch was rewritten, so its history"
    part, drift = planned(facts, number), set(facts.repository.drift)
    quoted = {f.path for a in part.actions for f in a.files} if part is not None else set()
    hit = sorted(p for p in quoted if p in drift or within(facts.plan, p) in drift)
    if not hit:
        return ""
    more = f" and {len(hit) - 1} more" if len(hit) > 1 else ""
    return f"`{hit[0][:200]}`{more}"


def _finished(life: PlanLife, facts: Facts) -> PlanLife:
    done = bool(life.stages) and all(passed(s) for s in life.stages)
    if done and life.status in ("open", "stale"):
        return life.model_copy(update={"status": "done", "reason": ""})
    if not done and life.status == "done":
        return life.model_copy(update={"status": "open"})
    return life
