"""The attempt in hand: its run, what it led to, and what becomes of it after a pause."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.lifecycle import attempts
from bot.core.lifecycle.budgets import charge
from bot.core.lifecycle.facts import Facts, RunFacts, StageFacts
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.remedies import refused
from bot.core.lifecycle.state import BUSY, PlanLife, StageLife, StageStatus

LISTED = timedelta(seconds=10)
"""A run is listed within this time after its dispatch; asking before would start another one."""

HELD = (
    "Its run {run} waits for approval. Approve it on the Actions page, and it goes on by itself;"
    " `/genesis stop` gives it up"
)

UNSEEN = timedelta(minutes=10)
"""A run that is not seen this long after its dispatch has vanished."""


def settle(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan with the attempts taken over whose commit is on the branch already."""
    for stage in life.stages:
        seen = facts.stage(stage.number)
        outcome = outcome_of(life, stage, seen) if stage.status in BUSY else None
        if outcome and outcome.status == "published" and seen.branch == outcome.commit:
            life = life.with_stage(_done(stage, outcome, seen, facts))
    return life


def run_of(stage: StageLife, seen: StageFacts) -> RunFacts | None:
    """The run of the attempt in hand; of two, the one that was seen first."""
    runs = sorted((r for r in seen.runs if r.attempt == stage.attempt), key=lambda r: r.id)
    return next((r for r in runs if r.id == stage.run), runs[0] if runs else None)


def outcome_of(life: PlanLife, stage: StageLife, seen: StageFacts) -> StageOutcome | None:
    """What the attempt in hand led to; nothing that speaks of another one is believed."""
    run = run_of(stage, seen)
    said = run.outcome if run is not None and run.status == "completed" else None
    if said is None or (said.plan, said.stage) != (life.plan, stage.number):
        return None
    if (said.attempt, said.base) != (stage.attempt, stage.base) or (
        said.status == "published" and not said.commit
    ):
        return None
    return said


def landed(life: PlanLife, stage: StageLife, seen: StageFacts, facts: Facts) -> StageLife:
    """The stage with its run ended, where it is seen to have, and paid for."""
    if not stage.flying:
        return stage
    run = run_of(stage, seen)
    if run is None:
        late = stage.dispatched is None or facts.now - stage.dispatched > UNSEEN
        return stage.model_copy(update={"flying": False}) if late else stage
    if run.status != "completed":
        return stage
    outcome = outcome_of(life, stage, seen)
    ended = stage.model_copy(update={"flying": False, "run": run.id})
    return charge(ended, outcome, facts.now) if outcome is not None else ended


def to_dispatch(stage: StageLife, facts: Facts) -> bool:
    """Whether its run, which is not seen, is to be asked for: just now, or once more."""
    at = stage.dispatched
    return at is None or at == facts.now or facts.now - at >= LISTED


def moved(life: PlanLife, stage: StageLife, seen: StageFacts) -> bool:
    """Whether somebody else pushed to the branch, moved it back, or deleted it."""
    outcome = outcome_of(life, stage, seen) if stage.status in BUSY else None
    ours = {stage.head} | ({outcome.commit} if outcome and outcome.status == "published" else set())
    return seen.branch not in ours


def resumed(life: PlanLife, stage: StageLife, seen: StageFacts, facts: Facts) -> StageLife:
    """The stage after a pause: the attempt given up is made anew once its run has ended."""
    if stage.before not in BUSY:
        back: StageStatus = stage.before or "planned"
    elif outcome_of(life, stage, seen) is not None:
        back = stage.before
    elif run_of(stage, seen) is None and not stage.run:
        back = "queued"
    elif not stage.flying:
        back = "approved"
    else:
        return stage.model_copy(update={"reason": "Waits for its run to end, which is cancelled."})
    update: dict[str, object] = {"status": back, "before": None, "reason": ""}
    if back == "queued":
        update |= {"dispatched": facts.now, "flying": True}
    elif back == "approved":
        update["failures"] = max(0, stage.failures - 1)
    return stage.model_copy(update=update)


def follow(life: PlanLife, stage: StageLife, seen: StageFacts, facts: Facts) -> StageLife:
    """The stage as far as its run has come."""
    run = run_of(stage, seen)
    if run is None and (words := seen.refusal("dispatch", stage.attempt)):
        return _not_begun(stage, words, facts)
    if run is None:
        gone = not stage.flying
        return _vanished(stage, "no run was seen after its dispatch") if gone else stage
    underway: StageStatus = "running" if stage.cause in ("first", "asked") else "retrying"
    stage = stage.model_copy(
        update={"run": run.id, "status": underway} | _waiting(stage, run, facts)
    )
    if run.status != "completed":
        return stage if run.held or in_time(stage, facts) else _overdue(stage, run)
    outcome = outcome_of(life, stage, seen)
    if run.conclusion == "cancelled" and (outcome is None or outcome.status != "published"):
        # Jobs that report whatever happened do so in a cancelled run, too: it is no failure.
        return attempts.ask(stage, "Its run was cancelled")
    if outcome is not None:
        return _done(stage, outcome, seen, facts)
    problem = attempts.shown(run.problem).rstrip(".") or "its run left no outcome"
    return _vanished(stage, problem)


def _waiting(stage: StageLife, run: RunFacts, facts: Facts) -> dict[str, object]:
    """A run has its whole time once it may go on."""
    if run.held:
        return {"reason": HELD.format(run=run.id), "since": None}
    return {"reason": "", "since": stage.since or facts.now}


def _not_begun(stage: StageLife, words: str, facts: Facts) -> StageLife:
    """Nothing was tried, so no attempt is spent."""
    free = {"flying": False, "failures": max(0, stage.failures - 1)}
    why = refused("start its workflow run", words, facts.policy.workflow)
    return attempts.ask(stage.model_copy(update=free), why)


def _vanished(stage: StageLife, problem: str) -> StageLife:
    return attempts.after_failure(stage, stage.cause, attempts.mark("vanished"), problem)


def deadline(facts: Facts) -> timedelta:
    """How long a run is waited for."""
    return timedelta(minutes=2 * facts.policy.limits.minutes + 60)


def began(stage: StageLife) -> datetime | None:
    """From when on its run is waited for: its dispatch, or its approval."""
    times = [moment for moment in (stage.dispatched, stage.since) if moment is not None]
    return max(times) if stage.dispatched is not None else None


def in_time(stage: StageLife, facts: Facts) -> bool:
    """Whether its run may still be under way."""
    since = began(stage)
    return since is None or facts.now - since <= deadline(facts)


def _overdue(stage: StageLife, run: RunFacts) -> StageLife:
    if run.status == "queued":
        why = f"No runner took its run {run.id}, which is cancelled: see the workflow's `runs_on`"
        return attempts.ask(stage, why)
    return attempts.ask(stage, f"Its run {run.id} took too long and is cancelled")


def _done(stage: StageLife, outcome: StageOutcome, seen: StageFacts, facts: Facts) -> StageLife:
    if outcome.status == "published":
        if _nothing_new(stage, outcome, seen):
            why = "led to the same changes again, so the review is for a person to answer"
            return attempts.ask(stage, f"Attempt {stage.attempt} {why}")
        if seen.branch != outcome.commit:
            words = seen.refusal("move-branch", stage.attempt)
            why = refused("take the commits for the branch", words, facts.policy.workflow)
            return attempts.ask(stage, why) if words else stage
        there = {"status": "pr-open", "head": outcome.commit, "tree": outcome.tree}
        return stage.model_copy(update={**there, "since": facts.now, "feedback": ""})
    reasons = "\n".join(outcome.reasons)
    said = attempts.shown(reasons).rstrip(".")
    match outcome.status:
        case "nothing":
            left = said or "Nothing of it can be done without a model, or your word on an action"
            return attempts.ask(stage, left)
        case "cannot-build":
            return attempts.ask(stage, f"It cannot be built: {said}" if said else "Cannot build")
        case _:
            fingerprint = outcome.fingerprint or attempts.mark(outcome.status, *outcome.reasons)
            return attempts.after_failure(stage, stage.cause, fingerprint, reasons)


def _nothing_new(stage: StageLife, outcome: StageOutcome, seen: StageFacts) -> bool:
    """Whether what a review asked for made no difference; then nothing is pushed."""
    same = bool(outcome.tree) and outcome.tree == stage.tree
    return stage.cause == "review" and same and seen.branch == stage.head
