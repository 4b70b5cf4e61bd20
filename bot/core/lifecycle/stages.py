"""What GitHub shows of a stage: its issue, its branch, its run, its pull request."""

from __future__ import annotations

from datetime import timedelta

from bot.core.lifecycle import attempts
from bot.core.lifecycle.facts import Facts, PullFacts, RunFacts, StageFacts
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.presence import HELD
from bot.core.lifecycle.reviewing import review
from bot.core.lifecycle.state import BUSY, ENDED, REVIEWABLE, PlanLife, StageLife, StageStatus

UNSEEN = timedelta(minutes=10)
"""A run that is not seen this long after its dispatch has vanished."""

PEOPLE = 5
"""The stage that people carry out."""


def observe(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan with every stage brought to where GitHub shows it."""
    stages = tuple(_stage(life, s, facts) for s in life.stages)
    return life.model_copy(update={"stages": stages})


def _stage(life: PlanLife, stage: StageLife, facts: Facts) -> StageLife:
    seen = facts.stage(stage.number)
    stage = _numbered(stage, seen)
    pull = pull_of(stage, seen)
    if pull is not None and pull.merged:
        stage = _merged(stage, pull)
    stage = _issue(_closed(stage, pull), seen)
    if life.status in HELD or (stage.status not in BUSY and not in_review(stage)):
        return stage
    if _moved(life, stage, seen):
        return attempts.ask(stage, attempts.taken(stage, seen))
    if stage.status in BUSY:
        stage = _run(life, stage, seen, facts)
    return review(life, stage, pull, facts) if in_review(stage) else stage


def in_review(stage: StageLife) -> bool:
    """Whether its pull request is open, or about to be, or held by what may pass."""
    return stage.status in REVIEWABLE or (
        stage.status == "needs-human" and stage.before in REVIEWABLE
    )


def pull_of(stage: StageLife, seen: StageFacts) -> PullFacts | None:
    """Its pull request, unless that was closed before and another attempt asked for."""
    return None if seen.pull is None or seen.pull.number in stage.past else seen.pull


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
    if said.attempt != stage.attempt or (said.status == "published" and not said.commit):
        return None
    return said


def _numbered(stage: StageLife, seen: StageFacts) -> StageLife:
    change: dict[str, object] = {}
    if seen.issue is not None and not stage.issue:
        change["issue"] = seen.issue.number
    pull = pull_of(stage, seen)
    if pull is not None and not stage.pull:
        change["pull"] = pull.number
    return stage.model_copy(update=change) if change else stage


def _merged(stage: StageLife, pull: PullFacts) -> StageLife:
    if stage.status == "merged":
        return stage
    update: dict[str, object] = {"status": "merged", "merged": pull.merge_commit, "threads": ()}
    return stage.model_copy(update={**update, "before": None, "reason": "", "feedback": ""})


def _closed(stage: StageLife, pull: PullFacts | None) -> StageLife:
    """A person closed the pull request, or opened it again."""
    if pull is None or pull.merged or stage.status in ("merged", "skipped"):
        return stage
    if pull.state == "closed" and stage.status != "cancelled":
        n = stage.number
        why = (
            f"Its pull request #{pull.number} was closed without merging."
            f" `/genesis retry stage {n}` makes another one, `/genesis skip {n}` goes on without it"
        )
        update = {"status": "cancelled", "before": "pr-open", "reason": why}
        return stage.model_copy(update=update)
    if pull.state == "open" and stage.status == "cancelled" and stage.before == "pr-open":
        return stage.model_copy(update={"status": "pr-open", "before": None, "reason": ""})
    return stage


def _issue(stage: StageLife, seen: StageFacts) -> StageLife:
    """A person closed the stage's issue, opened it again, or deleted it."""
    if seen.issue is None:
        return _orphaned(stage) if stage.issue and stage.status not in ENDED else stage
    if stage.status == "orphaned":
        stage = stage.model_copy(update={"status": stage.before or "planned", "before": None})
    closed, wanted = seen.issue.state == "closed", stage.status in ENDED
    if closed == wanted:
        return stage.model_copy(update={"closed": closed}) if stage.closed != closed else stage
    if closed != stage.closed:
        return _by_hand(stage, closed)
    return stage


def _by_hand(stage: StageLife, closed: bool) -> StageLife:
    n = stage.number
    stage = stage.model_copy(update={"closed": closed})
    if closed and n == PEOPLE:
        return stage.model_copy(update={"status": "skipped", "reason": "Done by people."})
    if closed:
        why = f"Its issue was closed. Open it again, or say `/genesis skip {n}` to go on without it"
        return stage.model_copy(update={"status": "cancelled", "before": None, "reason": why})
    if stage.status == "merged":
        return stage.model_copy(update={"closed": True})
    why = "" if n == PEOPLE else f"Opened again: `/genesis approve stage {n}` has it done"
    return revived(stage).model_copy(update={"reason": why})


def revived(stage: StageLife, status: StageStatus = "planned") -> StageLife:
    """An ended stage to be taken up anew, without the pull request it had."""
    return stage.model_copy(
        update={
            "status": status,
            "before": None,
            "approved": None,
            "past": (*stage.past, stage.pull) if stage.pull else stage.past,
            "pull": 0,
            "ready": False,
        }
    )


def _orphaned(stage: StageLife) -> StageLife:
    back: StageStatus = "approved" if stage.status in BUSY else stage.status
    why = "Its issue was deleted or transferred; `/genesis replan` plans it anew"
    return stage.model_copy(
        update={"status": "orphaned", "before": back, "reason": why, "issue": stage.issue}
    )


def _moved(life: PlanLife, stage: StageLife, seen: StageFacts) -> bool:
    """Whether somebody else pushed to the branch, moved it back, or deleted it."""
    outcome = outcome_of(life, stage, seen) if stage.status in BUSY else None
    ours = {stage.head} | ({outcome.commit} if outcome and outcome.status == "published" else set())
    return bool(seen.foreign) or seen.branch not in ours


def _run(life: PlanLife, stage: StageLife, seen: StageFacts, facts: Facts) -> StageLife:
    run = run_of(stage, seen)
    if run is None:
        late = stage.dispatched is None or facts.now - stage.dispatched > UNSEEN
        return _vanished(stage, "no run was seen after its dispatch") if late else stage
    underway: StageStatus = "running" if stage.cause in ("first", "asked") else "retrying"
    stage = stage.model_copy(update={"run": run.id, "status": underway})
    if run.status != "completed":
        return stage if _in_time(stage, facts) else _overdue(stage, run)
    outcome = outcome_of(life, stage, seen)
    if outcome is not None:
        return _done(stage, outcome, seen, facts)
    match run.conclusion:
        case "cancelled":
            return attempts.ask(stage, "Its run was cancelled")
        case "action_required":
            return attempts.ask(stage, "Its run waits for approval on the Actions page")
        case _:
            problem = attempts.shown(run.problem).rstrip(".") or "its run left no outcome"
            return _vanished(stage, problem)


def _vanished(stage: StageLife, problem: str) -> StageLife:
    return attempts.after_failure(stage, stage.cause, attempts.mark("vanished"), problem)


def deadline(facts: Facts) -> timedelta:
    """How long after its dispatch a run is waited for."""
    return timedelta(minutes=2 * facts.policy.limits.minutes + 60)


def _in_time(stage: StageLife, facts: Facts) -> bool:
    return stage.dispatched is None or facts.now - stage.dispatched <= deadline(facts)


def _overdue(stage: StageLife, run: RunFacts) -> StageLife:
    return attempts.ask(stage, f"Its run {run.id} took too long and is cancelled")


def _done(stage: StageLife, outcome: StageOutcome, seen: StageFacts, facts: Facts) -> StageLife:
    if outcome.status == "published":
        if seen.branch != outcome.commit:
            return stage
        there = {"status": "pr-open", "head": outcome.commit, "since": facts.now, "feedback": ""}
        return attempts.charge(stage, outcome).model_copy(update=there)
    stage = attempts.charge(stage, outcome)
    reasons = "\n".join(outcome.reasons)
    said = attempts.shown(reasons).rstrip(".")
    match outcome.status:
        case "nothing":
            left = said or "Nothing of it can be done without a model or a person"
            return attempts.ask(stage, left)
        case "cannot-build":
            return attempts.ask(stage, f"It cannot be built: {said}" if said else "Cannot build")
        case _:
            fingerprint = outcome.fingerprint or attempts.mark(outcome.status, *outcome.reasons)
            return attempts.after_failure(stage, stage.cause, fingerprint, reasons)
