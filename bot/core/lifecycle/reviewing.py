"""An open pull request: whose turn it is, and whether another attempt is needed."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from bot.core.lifecycle import attempts
from bot.core.lifecycle.checks import FAILED, CheckFacts, Failure
from bot.core.lifecycle.facts import Facts, PullFacts, ReviewFacts, StageFacts, may
from bot.core.lifecycle.marking import same
from bot.core.lifecycle.remedies import refused
from bot.core.lifecycle.running import outcome_of
from bot.core.lifecycle.state import PlanLife, StageLife, StageStatus
from bot.core.policy import Policy
from bot.core.render.github.held import held
from bot.core.render.github.pull_request import pull_request
from bot.core.render.github.red_base import red_on_base

Verdict = Literal["none", "pending", "failed", "green"]

SHOWN_WITHIN = timedelta(minutes=2)
"""A body that differs for longer was changed by somebody else."""

PASSED = frozenset({"success", "neutral", "skipped"})


def counted(pull: PullFacts, policy: Policy) -> tuple[CheckFacts, ...]:
    """The checks that matter; ours never do."""
    others = (c for c in pull.checks if not c.ours and c.name not in policy.ignored_checks)
    required = policy.required_checks
    return tuple(c for c in others if not required or c.name in required)


def verdict(pull: PullFacts, policy: Policy, inherited: tuple[str, ...] = ()) -> Verdict:
    """What the checks on the head say; `failed` only once all of them have ended.

    `inherited` are names of checks whose failure does not count.
    """
    checks = counted(pull, policy)
    if not checks:
        return "none"
    if any(c.status != "completed" for c in checks):
        return "pending"
    there = {c.name for c in checks}
    checks = tuple(c for c in checks if c.conclusion not in FAILED or c.name not in inherited)
    if any(c.conclusion in FAILED for c in checks):
        return "failed"
    if any(name not in there for name in policy.required_checks):
        return "pending"
    return "green" if all(c.conclusion in PASSED for c in checks) else "pending"


def review(life: PlanLife, stage: StageLife, pull: PullFacts | None, facts: Facts) -> StageLife:
    """Where a stage with a pull request, or about to have one, stands."""
    words = facts.stage(stage.number).refusal("put-pull", stage.attempt)
    if pull is None and words:
        why = refused("open the pull request", words, facts.policy.workflow)
        how = f"`/genesis retry stage {stage.number}` makes another attempt"
        return _hold(stage, f"{why}. It is opened as soon as it can be; {how}")
    if pull is None or pull.head != stage.head or not _told(life, stage, pull, facts):
        return stage if stage.stuck else _stand(stage, "pr-open")
    if pull.base != life.base_branch:
        why = f"Its pull request goes to `{attempts.shown(pull.base)}` now: set its base to"
        return _hold(stage, f"{why} `{life.base_branch}` again")
    if pull.conflict and not stage.stuck:
        return attempts.again(stage, "conflict", stage.feedback)
    wanted = requested(stage, pull, facts)
    if wanted:
        return _answer(stage, pull, wanted)
    if pull.queued:
        return _stand(stage, "queued-to-merge")
    return _checked(stage, pull, facts)


def asked_anew(
    stage: StageLife, seen: StageFacts, pull: PullFacts | None, facts: Facts
) -> StageLife:
    """The stage that waits for a person, once one asks for changes of what is there."""
    ours = pull is not None and pull.state == "open" and pull.head == seen.branch == stage.head
    if stage.status != "needs-human" or pull is None or not ours:
        return stage
    wanted = requested(stage, pull, facts)
    return _answer(stage, pull, wanted) if wanted else stage


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
    words = facts.stage(stage.number).refusal("start-check", stage.attempt)
    if words and not stage.stuck:
        why = refused("start its checks", words, facts.policy.workflow)
        return _hold(stage, f"{why}. They are started as soon as they can be")
    if pull.held and not stage.stuck and not facts.policy.dispatch_checks:
        # They have their whole time once they may begin.
        return _hold(stage.model_copy(update={"since": None}), held(pull.number, pull.held))
    if stage.since is None:
        stage = stage.model_copy(update={"since": facts.now})
    failure = facts.stage(stage.number).failed_on(pull.head)
    inherited = failure.inherited if failure is not None and failure.innocent else ()
    said = verdict(pull, facts.policy, inherited)
    if said == "green" and inherited:
        return _not_ours(stage, pull, inherited)
    if said == "green":
        return _green(stage, pull, facts)
    if said == "failed" and failure is not None:
        return _failed(stage, failure, facts)
    if stage.stuck or stage.status in ("awaiting-review", "queued-to-merge"):
        anew = {"stuck": "", "since": facts.now}
        return _stand(stage.model_copy(update=anew), "checking")
    if _late(stage, facts):
        minutes = facts.policy.checks_minutes
        what, how = "The checks have not ended", "look on the Actions page what they wait for"
        if said == "none":
            what = "No check began"
            how = "see whether a workflow runs on `pull_request` and its runs are allowed to begin"
        why = f"{what} within {minutes} minutes: {how}, or merge #{pull.number} without them"
        return _hold(stage, why)
    return _stand(stage, "checking")


def _late(stage: StageLife, facts: Facts) -> bool:
    """Whether its checks were waited for long enough."""
    limit = timedelta(minutes=facts.policy.checks_minutes)
    return stage.since is not None and facts.now - stage.since > limit


def _green(stage: StageLife, pull: PullFacts, facts: Facts) -> StageLife:
    stage = stage.model_copy(update={"stuck": ""})
    drafts = facts.policy.draft and facts.repository.drafts
    if drafts and pull.draft and not stage.ready:
        return _stand(stage, "checking")
    return _stand(stage.model_copy(update={"ready": True}), "awaiting-review")


def _not_ours(stage: StageLife, pull: PullFacts, inherited: tuple[str, ...]) -> StageLife:
    """A person's turn; what is red does not come out of draft by our hand."""
    how = "It stays a draft until all are green; review it" if pull.draft else "Review it"
    anew = f"mend the base and say `/genesis retry stage {stage.number}`"
    why = f"{red_on_base(inherited)}. {how} and merge #{pull.number} all the same, or {anew}."
    update = {"status": "awaiting-review", "before": None, "stuck": "", "reason": why}
    return stage.model_copy(update=update)


def to_rerun(failure: Failure) -> tuple[int, ...]:
    """Runs whose failed jobs have had no second chance, and may have one."""
    had = {*failure.rerun, *failure.refused}
    return tuple(run for run in failure.runs if run not in had)


def _failed(stage: StageLife, failure: Failure, facts: Facts) -> StageLife:
    """The failed jobs run once more before an edit is blamed."""
    if stage.stuck:
        update = {"status": "needs-human", "before": "checking", "reason": stage.stuck}
        return stage.model_copy(update=update)
    flaky = to_rerun(failure)
    new = tuple(run for run in flaky if run not in stage.reran)
    if new:
        again: dict[str, object] = {"reran": (*stage.reran, *new), "since": facts.now}
        return _stand(stage.model_copy(update=again), "checking")
    if flaky and not _late(stage, facts):
        return _stand(stage, "checking")
    stage = attempts.blame(stage, facts.plan, failure.paths)
    fingerprint = failure.fingerprint or attempts.mark(failure.text)
    text = failure.text
    if failure.inherited:
        text = f"{text}\n\n{red_on_base(failure.inherited)}."
    return attempts.after_failure(stage, "checks", fingerprint, text)


def _stand(stage: StageLife, status: StageStatus) -> StageLife:
    if (stage.status, stage.before, stage.reason) == (status, None, ""):
        return stage
    return stage.model_copy(update={"status": status, "before": None, "reason": ""})


def _hold(stage: StageLife, why: str) -> StageLife:
    """Needs a person, and goes on by itself once that is put right."""
    back = stage.before if stage.status == "needs-human" and stage.before else stage.status
    update = {"status": "needs-human", "before": back, "reason": f"{why}."}
    return stage.model_copy(update=update)
