"""An open pull request: whose turn it is, and whether another attempt is needed."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from bot.core.lifecycle import attempts
from bot.core.lifecycle.facts import (
    FAILED,
    CheckFacts,
    Facts,
    Failure,
    PullFacts,
    ReviewFacts,
    may,
)
from bot.core.lifecycle.marking import same
from bot.core.lifecycle.running import outcome_of
from bot.core.lifecycle.state import PlanLife, StageLife, StageStatus
from bot.core.policy import Policy
from bot.core.render.github.pull_request import pull_request

Verdict = Literal["none", "pending", "failed", "green"]

SHOWN_WITHIN = timedelta(minutes=2)
"""A body that differs for longer was changed by somebody else."""

PASSED = frozenset({"success", "neutral", "skipped"})


def counted(pull: PullFacts, policy: Policy) -> tuple[CheckFacts, ...]:
    """The checks that matter; ours never do."""
    others = (c for c in pull.checks if not c.ours and c.name not in policy.ignored_checks)
    required = policy.required_checks
    return tuple(c for c in others if not required or c.name in required)


def verdict(pull: PullFacts, policy: Policy) -> Verdict:
    """What the checks on the head say; `failed` only once all of them have ended."""
    checks = counted(pull, policy)
    if not checks:
        return "none"
    if any(c.status != "completed" for c in checks):
        return "pending"
    if any(c.conclusion in FAILED for c in checks):
        return "failed"
    there = {c.name for c in checks}
    if any(name not in there for name in policy.required_checks):
        return "pending"
    return "green" if all(c.conclusion in PASSED for c in checks) else "pending"


def review(life: PlanLife, stage: StageLife, pull: PullFacts | None, facts: Facts) -> StageLife:
    """Where a stage with a pull request, or about to have one, stands."""
    if pull is None or pull.head != stage.head or not _told(life, stage, pull, facts):
        return _stand(stage, "pr-open")
    if pull.base != life.base_branch:
        why = f"Its pull request goes to `{attempts.shown(pull.base)}` now: set its base to"
        return _hold(stage, f"{why} `{life.base_branch}` again")
    if pull.conflict:
        return attempts.again(stage, "conflict", stage.feedback)
    wanted = requested(stage, pull, facts)
    if wanted:
        return _answer(stage, pull, wanted)
    if pull.queued:
        return _stand(stage, "queued-to-merge")
    return _checked(stage, pull, facts)


def _told(life: PlanLife, stage: StageLife, pull: PullFacts, facts: Facts) -> bool:
    """Whether the pull request shows the attempt's outcome, which is not read again later."""
    known = outcome_of(life, stage, facts.stage(stage.number)) is not None
    if stage.status != "pr-open" or not known:
        return True
    late = stage.since is not None and facts.now - stage.since > SHOWN_WITHIN
    return late or same(pull_request(life, stage, facts)[1], pull.body)


def requested(stage: StageLife, pull: PullFacts, facts: Facts) -> tuple[ReviewFacts, ...]:
    """Reviews that ask for changes, count, and led to no attempt yet; the last of each person."""
    last: dict[str, ReviewFacts] = {}
    for said in pull.reviews:
        if said.state != "commented" and not said.bot:
            last[said.author] = said
    need = facts.policy.needs("fix")
    return tuple(
        r
        for r in last.values()
        if r.state == "changes_requested" and r.id not in stage.reviews and may(r.role, need)
    )


def _answer(stage: StageLife, pull: PullFacts, wanted: tuple[ReviewFacts, ...]) -> StageLife:
    """One attempt for all that is open; a review is a person asking, so the budget is whole."""
    threads = [t for t in pull.threads if not t.answered]
    parts = [r.body for r in wanted if r.body.strip()]
    for t in threads:
        said = "\n".join(f"{author}: {text}" for author, text in t.comments)
        parts.append(f"{t.path}:{t.line}\n{said}")
    update = {
        "reviews": (*stage.reviews, *(r.id for r in wanted)),
        "threads": tuple(t.id for t in threads),
        "failures": 0,
        "fingerprints": (),
    }
    return attempts.again(stage.model_copy(update=update), "review", "\n\n".join(parts))


def _checked(stage: StageLife, pull: PullFacts, facts: Facts) -> StageLife:
    said = verdict(pull, facts.policy)
    if said == "green":
        return _green(stage, pull, facts)
    seen = facts.stage(stage.number).failure
    if said == "failed" and seen is not None and seen.head == pull.head:
        return _failed(stage, seen, facts)
    late = timedelta(minutes=facts.policy.checks_minutes)
    if stage.since is not None and facts.now - stage.since > late:
        minutes = facts.policy.checks_minutes
        what = "No check began" if said == "none" else "The checks have not ended"
        why = f"{what} within {minutes} minutes: look at the Actions page, or merge without them"
        return _hold(stage, why)
    return _stand(stage, "checking")


def _green(stage: StageLife, pull: PullFacts, facts: Facts) -> StageLife:
    drafts = facts.policy.draft and facts.repository.drafts
    if drafts and pull.draft and not stage.ready:
        return _stand(stage, "checking")
    return _stand(stage.model_copy(update={"ready": True}), "awaiting-review")


def to_rerun(failure: Failure) -> tuple[int, ...]:
    """Runs whose failed jobs have had no second chance."""
    return tuple(run for run in failure.runs if run not in failure.rerun)


def _failed(stage: StageLife, failure: Failure, facts: Facts) -> StageLife:
    """The failed jobs run once more before an edit is blamed."""
    flaky = to_rerun(failure)
    if flaky:
        new = tuple(run for run in flaky if run not in stage.reran)
        if new:
            update = {"reran": (*stage.reran, *new), "since": facts.now}
            stage = stage.model_copy(update=update)
        return _stand(stage, "checking")
    stage = attempts.blame(stage, facts.plan, failure.paths)
    fingerprint = failure.fingerprint or attempts.mark(failure.text)
    return attempts.after_failure(stage, "checks", fingerprint, failure.text)


def _stand(stage: StageLife, status: StageStatus) -> StageLife:
    if (stage.status, stage.before, stage.reason) == (status, None, ""):
        return stage
    return stage.model_copy(update={"status": status, "before": None, "reason": ""})


def _hold(stage: StageLife, why: str) -> StageLife:
    """Needs a person, and goes on by itself once that is put right."""
    back = stage.before if stage.status == "needs-human" and stage.before else stage.status
    update = {"status": "needs-human", "before": back, "reason": f"{why}."}
    return stage.model_copy(update=update)
