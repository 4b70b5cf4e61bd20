"""The one sentence that tells a person what to do next."""

from __future__ import annotations

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import BUSY, PlanLife, StageLife
from bot.core.render.github.foreign import inline
from bot.core.render.github.words import runnable

REASON = 800
"""Characters of a reason; it ends with what to do."""


def obstacles(facts: Facts) -> tuple[str, ...]:
    """What will stand in the way of stages that are not begun yet."""
    if facts.repository.workflow:
        return ()
    file = f"`.github/workflows/{facts.policy.workflow}`"
    if facts.repository.switched_off:
        return (f"No stage can be run: {file} is switched off. Enable it on the Actions page.",)
    return (
        f"No stage can be run: {file} is missing on the default branch. Commit there what"
        " `genesis config workflow` prints.",
    )


def next_step(life: PlanLife, facts: Facts) -> str:
    """What to do next, or what is waited for; Markdown, no mention."""
    if life.status == "open":
        return _open(life, facts)
    if life.status == "done":
        return "Nothing: the plan is done."
    if life.reason:
        return sentence(life.reason)
    match life.status:
        case "planning":
            return "The code is being analysed; the plan will appear here."
        case "paused":
            return "`/genesis retry` goes on."
        case "stale":
            return "`/genesis replan` makes a plan for the newest commit."
        case "cancelled" | "orphaned":
            label = inline(facts.policy.label)
            return f"The label `{label}` on an open issue makes a new plan."


def sentence(reason: str) -> str:
    """A reason as a sentence; the words of strangers in it are harmless."""
    said = inline(reason, REASON).strip()
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def _open(life: PlanLife, facts: Facts) -> str:
    """The first stage that waits for a person, else the first that is under way, else the first."""
    waiting = ("needs-human", "awaiting-review", "blocked-by-policy", "stale", "cancelled")
    moving = (*BUSY, "checking", "pr-open", "queued-to-merge", "approved", "paused")
    for group in (waiting, moving):
        for status in group:
            stage = next((s for s in life.stages if s.status == status), None)
            if stage is not None:
                return stage_step(life, stage, facts)
    planned = [s for s in runnable(life, facts) if s.status == "planned"]
    if planned:
        return stage_step(life, planned[0], facts)
    people = next((s for s in life.stages if s.status == "planned"), None)
    if people is None:
        return "Nothing: no stage is left."
    return stage_step(life, people, facts)


def stage_step(life: PlanLife, stage: StageLife, facts: Facts) -> str:
    """The same for one stage."""
    if stage.status == "merged":
        return "Nothing: it is merged."
    if stage.reason:
        return sentence(stage.reason)
    n, pull = stage.number, f"#{stage.pull}" if stage.pull else "its pull request"
    match stage.status:
        case "planned":
            return _start(life, n, facts)
        case "approved":
            return f"Stage {n} starts as soon as the stages before it have ended."
        case "queued" | "running" | "retrying":
            return f"Wait: attempt {max(stage.attempt, 1)} at stage {n} is under way."
        case "pr-open" | "checking":
            return f"Wait: the checks of {pull} are running."
        case "awaiting-review":
            return (
                f"Review and merge {pull} (stage {n}). Changes requested in a review start another"
                " attempt."
            )
        case "queued-to-merge":
            return f"Wait: {pull} is in the merge queue."
        case "needs-human" | "cancelled":
            return (
                f"`/genesis retry stage {n}` tries again, `/genesis skip {n}` goes on without it."
            )
        case "blocked-by-policy":
            return f"The configuration forbids it; `/genesis skip {n}` goes on without it."
        case "stale" | "orphaned":
            return "`/genesis replan` makes a plan for the newest commit."
        case "paused":
            return "It goes on when the plan does."
        case "skipped":
            return f"Nothing: it is skipped. `/genesis fix stage {n}` takes it up again."


def _start(life: PlanLife, number: int, facts: Facts) -> str:
    if number not in facts.policy.stages:
        return f"Stage {number} is carried out by people: close its issue when it is done."
    if facts.policy.run == "auto" or life.stage(number).approved:
        return f"Stage {number} starts as soon as the stages before it have ended."
    if facts.policy.run == "manual":
        return f"`/genesis fix stage {number}` starts stage {number}."
    return (
        "`/genesis approve` runs all stages in order,"
        f" `/genesis approve stage {number}` only this one."
    )
