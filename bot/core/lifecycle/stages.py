"""What GitHub shows of a stage: its issue, its branch, its run, its pull request."""

from __future__ import annotations

from datetime import timedelta

from bot.core.lifecycle import attempts
from bot.core.lifecycle.facts import Facts, PullFacts, StageFacts
from bot.core.lifecycle.presence import HELD
from bot.core.lifecycle.reviewing import asked_anew, review
from bot.core.lifecycle.running import follow, landed, moved, resumed
from bot.core.lifecycle.state import BUSY, ENDED, REVIEWABLE, PlanLife, StageLife, StageStatus

WORKED_OUT = timedelta(seconds=20)
"""GitHub knows within this time whether a pull request conflicts, as a rule."""

PEOPLE = 5
"""The stage that people carry out."""


def observe(life: PlanLife, facts: Facts) -> PlanLife:
    """The plan with every stage brought to where GitHub shows it."""
    stages = tuple(_stage(life, s, facts) for s in life.stages)
    return life.model_copy(update={"stages": stages})


def _stage(life: PlanLife, stage: StageLife, facts: Facts) -> StageLife:
    seen = facts.stage(stage.number)
    stage = landed(life, _numbered(stage, seen), seen, facts)
    pull = pull_of(stage, seen)
    if pull is not None and pull.merged:
        stage = _merged(stage, pull)
    stage = _issue(_closed(stage, pull), pull, seen)
    if life.status in HELD:
        return stage
    if stage.status == "paused":
        stage = resumed(life, stage, seen, facts)
    if stage.status not in BUSY and not in_review(stage):
        return asked_anew(stage, seen, pull, facts)
    if moved(life, stage, seen):
        return attempts.ask(stage, attempts.taken(stage, seen))
    if stage.status in BUSY:
        stage = follow(life, stage, seen, facts)
    return review(life, stage, pull, facts) if in_review(stage) else stage


def in_review(stage: StageLife) -> bool:
    """Whether its pull request is open, or about to be, or held by what may pass."""
    return stage.status in REVIEWABLE or (
        stage.status == "needs-human" and stage.before in REVIEWABLE
    )


def undecided(stage: StageLife, facts: Facts) -> bool:
    """Whether GitHub has still to say if its pull request conflicts, which no delivery tells."""
    pull = pull_of(stage, facts.stage(stage.number))
    return in_review(stage) and pull is not None and pull.state == "open" and pull.conflict is None


def pull_of(stage: StageLife, seen: StageFacts) -> PullFacts | None:
    """Its pull request, unless that was closed before and another attempt asked for."""
    return None if seen.pull is None or seen.pull.number in stage.past else seen.pull


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


def _issue(stage: StageLife, pull: PullFacts | None, seen: StageFacts) -> StageLife:
    """A person closed the stage's issue, opened it again, or deleted it."""
    if seen.issue is None:
        return _orphaned(stage) if stage.issue and stage.status not in ENDED else stage
    if stage.status == "orphaned":
        stage = stage.model_copy(update={"status": stage.before or "planned", "before": None})
    closed, wanted = seen.issue.state == "closed", stage.status in ENDED
    if closed == wanted:
        return stage.model_copy(update={"closed": closed}) if stage.closed != closed else stage
    if closed != stage.closed:
        return _by_hand(stage, pull, closed)
    return stage


def _by_hand(stage: StageLife, pull: PullFacts | None, closed: bool) -> StageLife:
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
    return revived(stage, pull).model_copy(update={"reason": why})


def revived(stage: StageLife, pull: PullFacts | None) -> StageLife:
    """An ended stage to be taken up anew; a pull request that was closed is not opened again."""
    update = {"status": "planned", "before": None, "approved": None, "reason": ""}
    if pull is None or pull.state == "open":
        return stage.model_copy(update=update)
    past = {"past": (*stage.past, pull.number), "pull": 0, "ready": False}
    return stage.model_copy(update=update | past)


def _orphaned(stage: StageLife) -> StageLife:
    back: StageStatus = "approved" if stage.status in BUSY else stage.status
    why = "Its issue was deleted or transferred; `/genesis replan` plans it anew"
    return stage.model_copy(
        update={"status": "orphaned", "before": back, "reason": why, "issue": stage.issue}
    )
