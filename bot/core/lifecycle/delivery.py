"""What an attempt needs done: its run, the branch, the pull request, checks and answers."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.lifecycle.budgets import allowance
from bot.core.lifecycle.checks import Conclusion, Failure
from bot.core.lifecycle.commands import (
    AnswerThread,
    AnyCommand,
    CancelRun,
    Dispatch,
    MarkReady,
    MoveBranch,
    PutCheck,
    PutPull,
    RerunFailed,
    SetLabels,
    StartCheck,
)
from bot.core.lifecycle.facts import Facts, PullFacts, StageFacts
from bot.core.lifecycle.marking import kept, marked, same
from bot.core.lifecycle.presence import HELD
from bot.core.lifecycle.reviewing import to_rerun, verdict
from bot.core.lifecycle.running import in_time, outcome_of, run_of, to_dispatch
from bot.core.lifecycle.stages import in_review, pull_of
from bot.core.lifecycle.state import BUSY, PlanLife, StageLife
from bot.core.render.github.check_run import check_run
from bot.core.render.github.held import APPROVED, held_comment
from bot.core.render.github.pull_request import pull_request
from bot.core.render.github.red_base import red_base

NOT_READY = "genesis:not-ready"
"""On pull requests where the server has no drafts."""


def cancellations(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    """Runs that nobody waits for any more."""
    for stage in life.stages:
        seen = facts.stage(stage.number)
        wanted = run_of(stage, seen) if stage.status in BUSY else None
        for run in seen.runs:
            if run.status != "completed" and (wanted is None or run.id != wanted.id):
                yield CancelRun(run=run.id)
        unseen = facts.issue is None and stage.flying and stage.status not in BUSY
        if unseen and stage.run and in_time(stage, facts):
            # Without the issue the stages are not looked at, and this is the last that is known.
            yield CancelRun(run=stage.run)


def deliveries(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    """All of it, stage by stage; nothing while the plan is held."""
    if life.status in HELD:
        return
    for stage in life.stages:
        seen = facts.stage(stage.number)
        pull = pull_of(stage, seen)
        if stage.status in BUSY:
            yield from _attempt(life, stage, seen, pull, facts)
        if in_review(stage) and seen.branch == stage.head:
            yield from _pull(life, stage, pull, facts)
        if pull is not None and pull.state == "open":
            yield from _started(stage, pull, facts)
            yield from _answers(stage, pull)
            yield from _red_base(life, stage, pull, facts)
            yield from _held(life, stage, pull, facts)
            yield from _check(life, stage, pull, facts)


def _attempt(
    life: PlanLife, stage: StageLife, seen: StageFacts, pull: PullFacts | None, facts: Facts
) -> Iterator[AnyCommand]:
    if run_of(stage, seen) is None and to_dispatch(stage, facts):
        yield Dispatch(
            stage=stage.number,
            attempt=stage.attempt,
            cause=stage.cause,
            workflow=facts.policy.workflow,
            base=stage.base,
            head=stage.head,
            only=stage.only,
            dropped=stage.dropped,
            minutes=facts.policy.limits.minutes,
            usd=allowance(life, stage, facts),
        )
    outcome = outcome_of(life, stage, seen)
    if outcome is None or outcome.status != "published" or seen.branch == outcome.commit:
        return
    if pull is not None and pull.state == "open" and _running(pull):
        yield PutCheck(
            stage=stage.number,
            head=pull.head,
            status="completed",
            conclusion="neutral",
            title=f"Replaced by attempt {stage.attempt}",
            summary="Another attempt takes the place of this commit.",
        )
    yield MoveBranch(
        stage=stage.number, attempt=outcome.attempt, to=outcome.commit, expected=stage.head
    )


def _running(pull: PullFacts) -> bool:
    return any(c.ours and c.status != "completed" for c in pull.checks)


def _pull(
    life: PlanLife, stage: StageLife, pull: PullFacts | None, facts: Facts
) -> Iterator[AnyCommand]:
    title, body = pull_request(life, stage, facts)
    drafts = facts.repository.drafts
    not_ready = (NOT_READY,) if facts.policy.draft and not drafts and not stage.ready else ()
    if pull is None:
        yield PutPull(
            stage=stage.number,
            base=life.base_branch,
            title=title,
            body=body,
            draft=facts.policy.draft and drafts and not stage.ready,
            labels=not_ready,
        )
        return
    known = outcome_of(life, stage, facts.stage(stage.number)) is not None
    if known and not same(body, pull.body):
        yield PutPull(
            stage=stage.number, number=pull.number, base=pull.base, title=pull.title, body=body
        )
    yield from _readiness(stage, pull, facts)


def _readiness(stage: StageLife, pull: PullFacts, facts: Facts) -> Iterator[AnyCommand]:
    if pull.head != stage.head:
        return
    said = verdict(pull, facts.policy)
    if stage.status == "checking" and said == "green" and pull.draft and not stage.ready:
        yield MarkReady(pull=pull.number, node=pull.node)
    if stage.ready and NOT_READY in pull.labels:
        yield SetLabels(on=pull.number, remove=(NOT_READY,))
    failure = facts.stage(stage.number).failed_on(pull.head)
    if stage.status == "checking" and said == "failed" and failure is not None:
        for run in to_rerun(failure):
            yield RerunFailed(run=run)


def _started(stage: StageLife, pull: PullFacts, facts: Facts) -> Iterator[AnyCommand]:
    """Checks that do not begin by themselves."""
    if not in_review(stage) or pull.head != stage.head:
        return
    for workflow in facts.policy.dispatch_checks:
        if workflow not in pull.started:
            yield StartCheck(stage=stage.number, workflow=workflow, head=pull.head)


def _answers(stage: StageLife, pull: PullFacts) -> Iterator[AnyCommand]:
    """One for each thread that led to an attempt, once that attempt has ended."""
    if stage.status in BUSY or stage.status == "approved":
        return
    there = in_review(stage) and pull.head == stage.head
    if in_review(stage) and not there:
        return
    text = (
        f"Attempt {stage.attempt} took this up: see {stage.head}."
        if there
        else "This could not be taken up; the issue of the stage says why and how to go on."
    )
    for thread in pull.threads:
        if thread.id in stage.threads and not thread.answered:
            yield AnswerThread(
                pull=pull.number,
                thread=thread.id,
                reply_to=thread.reply_to,
                body=text,
                resolve=there,
            )


def _red_base(
    life: PlanLife, stage: StageLife, pull: PullFacts, facts: Facts
) -> Iterator[AnyCommand]:
    """One comment about the checks that are red on the base as well."""
    failure = facts.stage(stage.number).failed_on(stage.head)
    if failure is None or not failure.inherited or pull.head != stage.head:
        return
    body = red_base(stage.number, failure.inherited)
    yield from kept(life, facts, pull.number, "red-base", body, stage=stage.number)


def _held(life: PlanLife, stage: StageLife, pull: PullFacts, facts: Facts) -> Iterator[AnyCommand]:
    """One comment about the checks that wait for approval; and that they do so no longer."""
    if pull.head != stage.head or not in_review(stage):
        return
    waits = bool(pull.held) and not facts.policy.dispatch_checks
    told = marked(life, facts, "held", stage=stage.number)
    if waits or any(c.on == pull.number for c in told):
        body = held_comment(pull.number, pull.held) if waits else APPROVED
        yield from kept(life, facts, pull.number, "held", body, stage=stage.number)


def _check(life: PlanLife, stage: StageLife, pull: PullFacts, facts: Facts) -> Iterator[AnyCommand]:
    """The check run of the attempt, on the head we left; never on a commit of somebody else."""
    if pull.head != stage.head or pull.merged:
        return
    outcome = outcome_of(life, stage, facts.stage(stage.number)) if stage.status in BUSY else None
    if outcome is not None:
        return
    status: str = "in_progress" if stage.status in BUSY else "completed"
    failure = facts.stage(stage.number).failed_on(pull.head)
    conclusion = None if stage.status in BUSY else _conclusion(stage, failure)
    title, summary = check_run(life, stage, facts)
    ours = [c for c in pull.checks if c.ours]
    wanted = (status, conclusion, title)
    if ours and any((c.status, c.conclusion, c.title) == wanted for c in ours):
        return
    notes = failure.annotations if failure is not None else ()
    yield PutCheck(
        stage=stage.number,
        head=pull.head,
        status="in_progress" if stage.status in BUSY else "completed",
        conclusion=conclusion,
        title=title,
        summary=summary,
        annotations=notes,
    )


def _conclusion(stage: StageLife, failure: Failure | None) -> Conclusion:
    if stage.status == "needs-human":
        return "action_required"
    if failure is not None and failure.inherited and stage.status != "merged":
        return "neutral"
    return "success" if in_review(stage) or stage.status == "merged" else "neutral"
