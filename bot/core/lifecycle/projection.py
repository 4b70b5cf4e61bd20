"""What GitHub is to show of a plan: a command for each place where it shows something else."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.lifecycle import planning
from bot.core.lifecycle.asking import answer_to, awaited
from bot.core.lifecycle.commands import (
    Analyse,
    AnyCommand,
    BlockStage,
    CloseIssue,
    LinkStage,
    PutComment,
    PutStageIssue,
    React,
    SetLabels,
)
from bot.core.lifecycle.facts import Facts, IssueFacts
from bot.core.lifecycle.marking import kept, mark, marked, same
from bot.core.lifecycle.state import ENDED, PlanLife, StageLife
from bot.core.render.github.dashboard import dashboard
from bot.core.render.github.rights import GRANTED
from bot.core.render.github.stage_issue import stage_issue

NEEDS_HUMAN = "genesis:needs-human"
STAGE = "genesis:stage"
PLAN = "genesis:plan"
RIGHTS = "rights"
"""Kind of the comment that says what the App was not granted."""


def analysis(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    """The plan, where there is none for the commit it is wanted for."""
    wanted = life.status == "planning" and life.base and not planning.made(life, facts)
    if wanted and not facts.plan_problem:
        yield Analyse(base=life.base, goal=life.goal, replan=life.replans)


def stage_issues(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    """An issue for every stage with something to do, in its place, with its labels."""
    if facts.plan is None or life.status == "planning":
        return
    before = 0
    for stage in life.stages:
        part = planning.planned(facts, stage.number)
        if part is None or (not part.actions and not stage.issue) or stage.status == "orphaned":
            continue
        yield from _issue(life, stage, before, facts)
        before = stage.issue or before


def _issue(life: PlanLife, stage: StageLife, before: int, facts: Facts) -> Iterator[AnyCommand]:
    seen = facts.stage(stage.number)
    if seen.issue is None and stage.issue:
        # Deleted by a person: a second one would be nobody's wish.
        return
    title, body = stage_issue(life, stage, facts)
    if seen.issue is None or not same(body, seen.issue.body):
        yield PutStageIssue(
            stage=stage.number,
            number=stage.issue,
            title=title if seen.issue is None else seen.issue.title,
            body=body,
            labels=(STAGE,),
        )
    if seen.issue is None:
        return
    yield from _labels(seen.issue, STAGE, stage.status == "needs-human")
    if facts.repository.sub_issues and not seen.linked:
        yield LinkStage(stage=stage.number, parent=life.issue, issue=seen.issue.number)
    waits = facts.repository.dependencies and stage.status not in ENDED
    if waits and before and before not in seen.blocked_by:
        yield BlockStage(issue=seen.issue.number, by=before)
    ended = stage.status in ENDED
    if ended != (seen.issue.state == "closed") and ended != stage.closed:
        done = stage.status == "merged"
        yield CloseIssue(
            number=seen.issue.number,
            state="closed" if ended else "open",
            why="completed" if done else "not_planned",
        )


def _labels(issue: IssueFacts, own: str, needs_human: bool) -> Iterator[AnyCommand]:
    there = {name.casefold() for name in issue.labels}
    add = tuple(n for n in (own, *((NEEDS_HUMAN,) if needs_human else ())) if n not in there)
    remove = (NEEDS_HUMAN,) if NEEDS_HUMAN in there and not needs_human else ()
    if add or remove:
        yield SetLabels(on=issue.number, add=add, remove=remove)


def conversation(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    """Answers to comments and ticks, then the dashboard, which empties the boxes."""
    for comment in facts.comments:
        if comment.id in life.replies:
            refused = comment.id in life.refused
            content = "confused" if refused else "rocket"
            yield React(issue=comment.on, comment=comment.id, content=content)
            yield PutComment(
                on=comment.on,
                marker=mark(life, "reply", re=comment.id),
                body=life.replies[comment.id],
            )
    yield from _asked_back(life, facts)
    yield from _granted(life, facts)
    yield from _dashboard(life, facts)


def _asked_back(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    for tick in facts.ticks:
        text = answer_to(life, tick, facts)
        fields = {"box": tick.box, "by": tick.actor or "unknown"}
        if text and not marked(life, facts, "asked", **fields):
            yield PutComment(on=life.issue, marker=mark(life, "asked", **fields), body=text)


def _granted(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    """What was said of rights that were lacking holds no longer: facts can be read again."""
    if any(c.on == life.issue for c in marked(life, facts, RIGHTS)):
        yield from kept(life, facts, life.issue, RIGHTS, GRANTED)


def _dashboard(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    if any(awaited(life, tick, facts) for tick in facts.ticks):
        # Writing it now would empty the box before it is known who ticked it.
        return
    yield from kept(life, facts, life.issue, "dashboard", dashboard(life, facts))


def plan_issue(life: PlanLife, facts: Facts) -> Iterator[AnyCommand]:
    """Its label, and that it is closed once all is done."""
    issue = facts.issue
    if issue is None:
        return
    if not marked(life, facts, "dashboard"):
        yield React(issue=issue.number, content="eyes")
    if life.stages:
        needs = any(s.status == "needs-human" for s in life.stages)
        yield from _labels(issue, PLAN, needs)
    done, closed = life.status == "done", issue.state == "closed"
    something = any(s.status == "merged" for s in life.stages)
    if closed != done and life.closed != done and (closed or something):
        yield CloseIssue(number=issue.number, state="closed" if done else "open")
