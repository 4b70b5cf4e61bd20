"""What each command does to the plan, for somebody who may give it.

Every answer says what is next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.lifecycle import attempts, planning, presence
from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.requests import Request
from bot.core.lifecycle.stages import PEOPLE, pull_of, revived
from bot.core.lifecycle.state import BUSY, Asked, PlanLife, StageLife
from bot.core.policy import Verb
from bot.core.render.github import replies

STUCK = frozenset({"needs-human", "cancelled", "orphaned", "paused"})


@dataclass(frozen=True)
class Answer:
    """The plan after a command, and what its author is told."""

    life: PlanLife
    text: str
    done: bool = True


def obey(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    """Carry one command out as far as it is a decision; one that is refused changes nothing."""
    said = _VERBS[request.verb](life, request, who, facts)
    return said if said.done else Answer(life, said.text, done=False)


def _no(life: PlanLife, text: str) -> Answer:
    return Answer(life, text, done=False)


def _plan(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    if presence.phase(life) != "planning":
        return _no(life, "There is a plan already; `/genesis replan` makes a new one.")
    life = life.model_copy(update={"requested": who})
    if facts.plan_problem and not planning.made(life, facts):
        life = planning.anew(life)
    life = presence.resume(life, facts)
    if life.status != "planning":
        return _no(life, f"Not yet: {life.reason}.")
    return Answer(life, "The plan is being made; it will stand in the dashboard.")


def _approve(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    life = _awake(life, facts)
    if refused := _not_now(life):
        return _no(life, refused)
    if request.stage is not None:
        return _run(life, request.stage, who, facts)
    if facts.policy.run == "manual":
        return _no(life, "Stages are started one by one here: say `/genesis fix stage 1`.")
    chosen = [s for s in life.stages if s.status == "planned" and s.number != PEOPLE]
    for stage in chosen:
        life = life.with_stage(attempts.fresh(stage, who, "first"))
    if chosen:
        numbers = ", ".join(str(s.number) for s in chosen)
        return Answer(life, f"Approved: stages {numbers}, one after the other.")
    if life.status == "stale":
        return _no(life, f"{life.reason}.")
    waiting = next((s for s in life.stages if s.status in STUCK), None)
    if waiting is not None:
        n = waiting.number
        return Answer(life, f"Going on. Stage {n} needs more: `/genesis retry stage {n}`.")
    return Answer(life, "Nothing waits for approval. `/genesis status` says where things stand.")


def _fix(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    life = _awake(life, facts)
    if refused := _not_now(life):
        return _no(life, refused)
    number = request.stage or 0
    if not request.argument:
        return _run(life, number, who, facts)
    part = planning.planned(facts, number)
    ids = [a.id for a in part.actions] if part is not None else []
    found = [i for i in ids if i == request.argument] or [
        i for i in ids if i.startswith(request.argument)
    ]
    if len(found) != 1:
        many = "more than one action" if found else "no action"
        text = f"Stage {number} has {many} called `{request.argument}`; its issue lists them."
        return _no(life, text)
    return _run(life, number, who, facts, only=found[0])


def _retry(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    was_held = life.status in presence.HELD
    life = _awake(life, facts)
    if refused := _not_now(life):
        return _no(life, refused)
    if request.stage is not None:
        return _run(life, request.stage, who, facts)
    stuck = next((s for s in life.stages if s.status in STUCK), None)
    if stuck is not None:
        return _run(life, stuck.number, who, facts)
    if was_held:
        return Answer(life, "Going on where it was stopped.")
    return _no(life, "No stage waits for that; name one: `/genesis retry stage 1`.")


def _run(life: PlanLife, number: int, who: Asked, facts: Facts, only: str = "") -> Answer:
    stage = next((s for s in life.stages if s.number == number), None)
    if stage is None:
        return _no(life, f"There is no stage {number} in this plan.")
    if refused := _not_this(stage, facts):
        return _no(life, refused)
    if stage.status in BUSY:
        wait = f"Attempt {stage.attempt} at stage {number} is under way; `/genesis stop` ends it."
        return Answer(life, wait)
    seen = facts.stage(number)
    if stage.status == "orphaned":
        stage = stage.model_copy(update={"issue": 0})
    stage = revived(stage, pull_of(stage, seen))
    waits = {"status": "paused", "before": stage.before} if stage.status == "paused" else {}
    again = attempts.fresh(stage, who, "asked" if stage.attempt else "first", only)
    # A branch that was deleted is made anew; one that is elsewhere is somebody's.
    life = life.with_stage(again.model_copy(update={"head": stage.head and seen.branch, **waits}))
    before = next((s for s in life.stages if s.number < number and not planning.passed(s)), None)
    if before is not None:
        return Answer(life, f"Stage {number} starts once stage {before.number} is merged.")
    return Answer(life, f"Stage {number} is started; its issue shows how it goes.")


def _not_this(stage: StageLife, facts: Facts) -> str:
    n = stage.number
    if n == PEOPLE:
        return "Stage 5 is carried out by people: close its issue when it is done."
    if stage.status == "merged":
        return f"Stage {n} is merged. `/genesis replan` looks for what is left."
    if stage.status == "blocked-by-policy":
        return f"Stage {n} cannot be run: {stage.reason}."
    if stage.status == "stale":
        return f"Stage {n} cannot be run: {stage.reason}."
    part = planning.planned(facts, n)
    if part is None or not part.actions:
        return f"There is nothing to do in stage {n}."
    seen = facts.stage(n)
    if stage.status not in BUSY and seen.branch not in ("", stage.head):
        return f"{attempts.taken(stage, seen)}. Then say `/genesis retry stage {n}` again."
    return ""


def _skip(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    stage = next((s for s in life.stages if s.number == request.stage), None)
    if stage is None:
        return _no(life, "Which stage? Say `/genesis skip 2`.")
    n = stage.number
    if stage.status == "merged":
        return _no(life, f"Stage {n} is merged already; revert its commit to undo it.")
    update = {"status": "skipped", "before": None, "reason": f"Skipped for {who.actor}."}
    life = life.with_stage(stage.model_copy(update=update))
    return Answer(life, f"Stage {n} is skipped; `/genesis fix stage {n}` takes it up again.")


def _stop(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    if presence.phase(life) == "done":
        return _no(life, "There is nothing to stop: the plan is done.")
    why = f"Stopped for {who.actor}; `/genesis retry` goes on"
    return Answer(presence.stop(life, why), "Stopped. `/genesis retry` or `approve` goes on.")


def _replan(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    life = _awake(life, facts)
    if life.status in presence.HELD:
        return _no(life, f"Not now: {life.reason}.")
    if life.status == "planning":
        return Answer(life, "A plan is being made already.")
    busy = next((s for s in life.stages if s.status in BUSY or s.flying), None)
    if busy is not None:
        text = f"Stage {busy.number} is under way. Say `/genesis stop` first, then this again."
        return _no(life, text)
    there = facts.repository
    if facts.plan is not None and facts.plan.commit == there.base:
        return _no(life, "The plan is for the newest commit already; there is nothing to replan.")
    life = planning.anew(life.model_copy(update={"requested": who}))
    return Answer(life, "A new plan is being made; what is merged stays.")


def _awake(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan going on, as far as only a person's word held it."""
    return presence.resume(life, facts) if life.stopped else life


def _not_now(life: PlanLife) -> str:
    if life.status in presence.HELD:
        return f"Not now: {life.reason}."
    if life.status == "planning":
        return "There is no plan yet; wait for the dashboard to show it."
    return ""


def _status(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    return Answer(life, replies.status(life, facts))


def _cost(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    return Answer(life, replies.cost(life, facts))


def _help(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    return Answer(life, replies.help_text(facts.policy))


def _explain(life: PlanLife, request: Request, who: Asked, facts: Facts) -> Answer:
    return Answer(life, replies.explain(request.argument, facts))


_VERBS: Mapping[Verb, Callable[[PlanLife, Request, Asked, Facts], Answer]] = {
    "plan": _plan,
    "approve": _approve,
    "fix": _fix,
    "retry": _retry,
    "status": _status,
    "explain": _explain,
    "skip": _skip,
    "stop": _stop,
    "replan": _replan,
    "cost": _cost,
    "help": _help,
}
