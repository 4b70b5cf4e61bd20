"""The one sentence that tells a person what to do next."""

from __future__ import annotations

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import BUSY, PlanLife, StageLife
from bot.core.render.github.foreign import inline
from bot.core.render.github.words import runnable


def obstacles(life: PlanLife, facts: Facts) -> tuple[str, ...]:
    """What stands in the way of the whole plan, most urgent first."""
    repository = facts.repository
    said = [
        (repository.access == "suspended", "The App is suspended here, so nothing is done."),
        (repository.access == "gone", "The App is no longer installed here."),
        (repository.archived, "The repository is archived, so nothing is changed."),
        (
            bool(facts.policy_problem),
            f"`.github/otp-genesis.yml` cannot be used: {inline(facts.policy_problem)}. Nothing is"
            " changed until it is mended on the default branch.",
        ),
        (
            not repository.workflow,
            f"The workflow `{facts.policy.workflow}` is missing or switched off, so no stage can be"
            " run. Add it to `.github/workflows/` on the default branch.",
        ),
        (
            repository.rewritten,
            f"The commit of the plan is no longer part of `{inline(life.base_branch)}`."
            " `/genesis replan` makes a new plan.",
        ),
    ]
    return tuple(text for holds, text in said if holds)


def next_step(life: PlanLife, facts: Facts) -> str:
    """What to do next, or what is waited for; Markdown, no mention."""
    reason = f"{inline(life.reason).rstrip('.')}. " if life.reason else ""
    match life.status:
        case "planning":
            return "The code is being analysed; the plan will appear here."
        case "done":
            return "Nothing: the plan is done. Close this issue if you agree."
        case "paused":
            return f"{reason}Put the label `{inline(facts.policy.label)}` back on this open issue."
        case "stale":
            return f"{reason}`/genesis replan` makes a plan for the newest commit."
        case "cancelled" | "orphaned":
            return f"{reason}`/genesis plan` in an open issue begins anew."
        case "open":
            return _open(life, facts)


def _open(life: PlanLife, facts: Facts) -> str:
    stages = {stage.status: stage for stage in reversed(life.stages)}
    for status in ("needs-human", "blocked-by-policy", "stale", "awaiting-review"):
        if status in stages:
            return stage_step(life, stages[status], facts)
    busy = next((s for s in life.stages if s.status in BUSY), None)
    if busy is not None:
        return stage_step(life, busy, facts)
    for status in ("checking", "pr-open", "queued-to-merge", "approved"):
        if status in stages:
            return stage_step(life, stages[status], facts)
    waiting = next((s for s in runnable(life, facts) if s.status == "planned"), None)
    if waiting is None:
        return "Nothing: no stage is left that Genesis may work on."
    return stage_step(life, waiting, facts)


def stage_step(life: PlanLife, stage: StageLife, facts: Facts) -> str:
    """The same for one stage."""
    n, pull = stage.number, f"#{stage.pull}" if stage.pull else "the pull request"
    reason = f"{inline(stage.reason).rstrip('.')}. " if stage.reason else ""
    match stage.status:
        case "planned":
            return _start(life, n, facts)
        case "approved":
            return f"Stage {n} starts as soon as the stages before it are merged or skipped."
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
        case "needs-human":
            return (
                f"{reason}`/genesis retry stage {n}` tries again, `/genesis skip {n}` goes on"
                " without it."
            )
        case "blocked-by-policy":
            return f"{reason}The configuration forbids it; `/genesis skip {n}` goes on without it."
        case "stale":
            return f"{reason}`/genesis replan` makes a plan for the newest commit."
        case "paused":
            return f"{reason}It goes on when the plan does."
        case "skipped" | "cancelled":
            return f"{reason}`/genesis fix stage {n}` takes it up again."
        case "merged":
            return "Nothing: it is merged."
        case "orphaned":
            return f"{reason}Its issue is gone; `/genesis replan` makes a new plan."


def _start(life: PlanLife, number: int, facts: Facts) -> str:
    if number not in facts.policy.stages:
        return f"Stage {number} is carried out by people; Genesis leaves it alone."
    if facts.policy.run == "auto":
        return f"Stage {number} starts by itself as soon as the stages before it have ended."
    if facts.policy.run == "manual":
        return f"`/genesis fix stage {number}` starts stage {number}."
    if life.stage(number).approved:
        return f"Stage {number} starts as soon as the stages before it have ended."
    return (
        "`/genesis approve` runs all stages in order,"
        f" `/genesis approve stage {number}` only this one."
    )
