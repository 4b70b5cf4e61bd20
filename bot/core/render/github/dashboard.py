"""The dashboard: our one comment on the labelled issue, made anew from state and facts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.lifecycle.facts import Facts
from bot.core.lifecycle.state import ENDED, PlanLife, StageLife
from bot.core.render.github.costs import cost_so_far, estimate
from bot.core.render.github.foreign import inline, silent
from bot.core.render.github.markers import BODY, fit
from bot.core.render.github.next_step import next_step, obstacles, sentence
from bot.core.render.github.red_base import red_on_base
from bot.core.render.github.words import (
    PLAN,
    attempts,
    idle,
    money,
    planned,
    runnable,
    stage_title,
    status_of,
)
from bot.core.render.markdown import code, fence, table

MAX_TREE = 12_000
"""Characters of a diagram; GitHub draws no larger ones, and the body has to hold two."""

APPROVABLE = frozenset({"planned"})
RETRIABLE = frozenset({"needs-human", "cancelled"})
SKIPPABLE = frozenset({"planned", "approved", "needs-human", "blocked-by-policy", "cancelled"})

_TICKED = re.compile(
    r"- \[[xX]\] [^\n]*<!-- box=(approve|(?:approve|retry|skip)-[1-5]) -->[ \t\r]*$", re.MULTILINE
)


def dashboard(life: PlanLife, facts: Facts) -> str:
    """The body, without its marker."""
    parts = [*_head(life, facts), *_stages(life, facts), *_boxes(life, facts)]
    if facts.plan is not None:
        parts += [f"{cost_so_far(life, facts)} {estimate(life, facts)}", *_trees(life, facts)]
    parts.append(_foot(life, facts))
    return fit(silent("\n\n".join(parts)), limit=BODY)


def ticked(body: str) -> tuple[str, ...]:
    """Names of the boxes that are ticked in a dashboard's body, each once, in order."""
    lines = body.replace("\r\n", "\n").split("\n")
    found = (match[1] for line in lines if (match := _TICKED.match(line)))
    return tuple(dict.fromkeys(found))


def _head(life: PlanLife, facts: Facts) -> Iterator[str]:
    yield "## OTP refactoring plan"
    about = [f"**Plan {inline(life.plan)}** is {PLAN[life.status]}."]
    if facts.plan is not None:
        about.append(f"Goal: {inline(facts.plan.goal)}.")
        about.append(f"Made for {code(facts.plan.app)} at {code(facts.plan.commit[:12])}.")
    yield " ".join(about)
    for obstacle in obstacles(facts):
        yield f"> [!WARNING]\n> {obstacle}"
    yield f"**Next:** {next_step(life, facts)}"


def _stages(life: PlanLife, facts: Facts) -> Iterator[str]:
    if not life.stages:
        return
    head = ("stage", "actions", "status", "pull request", "attempts", "cost")
    yield table(head, [_row(stage, facts) for stage in life.stages])
    if not facts.repository.sub_issues and (tasks := _tasks(life)):
        yield tasks
    said = next_step(life, facts)
    told = [(s.number, sentence(s.reason)) for s in life.stages if s.reason and not idle(s, facts)]
    told += [(s.number, text) for s in life.stages if (text := _red_base(s, facts))]
    if rest := [f"- Stage {n}: {text}" for n, text in told if text != said]:
        yield "\n".join(rest)


def _red_base(stage: StageLife, facts: Facts) -> str:
    """What is red on the base as well, where the stage's reason does not tell that."""
    failure = facts.stage(stage.number).failed_on(stage.head)
    if failure is None or not failure.inherited:
        return ""
    said = red_on_base(failure.inherited)
    return "" if said in stage.reason else sentence(said)


def _row(stage: StageLife, facts: Facts) -> tuple[str, ...]:
    part = planned(facts, stage.number)
    issue = f" (#{stage.issue})" if stage.issue else ""
    return (
        f"{stage.number}. {stage_title(stage.number)}{issue}",
        str(len(part.actions)) if part is not None else "",
        status_of(stage, facts),
        f"#{stage.pull}" if stage.pull else "",
        attempts(stage, facts),
        money(stage.usd) if stage.attempt else "",
    )


def _tasks(life: PlanLife) -> str:
    """The issues of the stages as GitHub's older servers show what belongs to an issue."""
    there = (stage for stage in life.stages if stage.issue)
    return "\n".join(f"- [{'x' if s.status in ENDED else ' '}] #{s.issue}" for s in there)


def _boxes(life: PlanLife, facts: Facts) -> Iterator[str]:
    if life.status != "open":
        return
    stages = runnable(life, facts)
    boxes = []
    if any(s.status in APPROVABLE for s in stages) and facts.policy.run == "on-approval":
        boxes.append(("approve", "Approve the plan: run its stages in order"))
    for stage in stages:
        n = stage.number
        if stage.status in APPROVABLE:
            boxes.append((f"approve-{n}", f"Approve stage {n}: {stage_title(n).lower()}"))
        if stage.status in RETRIABLE:
            boxes.append((f"retry-{n}", f"Try stage {n} again"))
        if stage.status in SKIPPABLE:
            boxes.append((f"skip-{n}", f"Skip stage {n}"))
    if boxes:
        yield "\n".join(f"- [ ] {text} <!-- box={name} -->" for name, text in boxes)


def _trees(life: PlanLife, facts: Facts) -> Iterator[str]:
    plan = facts.plan
    if plan is None or not plan.tree_today:
        return
    parts = ["<details><summary>Supervision tree today and planned</summary>", "**Today**"]
    parts.append(_diagram(plan.tree_today, life))
    if plan.tree_planned != plan.tree_today:
        parts += ["**After the automatic actions**", _diagram(plan.tree_planned, life)]
    else:
        parts.append("The automatic actions leave it as it is.")
    yield "\n\n".join([*parts, "</details>"])


def _diagram(tree: str, life: PlanLife) -> str:
    if len(tree) > MAX_TREE:
        return f"It is too large to be drawn here; `README.md` in {ref(life)} has it."
    return fence(tree, "mermaid")


def ref(life: PlanLife) -> str:
    """The plan's ref, as code."""
    return code(f"refs/genesis/plan-{life.plan}")


def _foot(life: PlanLife, facts: Facts) -> str:
    if facts.plan is None:
        return "<sub>Comment `/genesis help` to see what can be asked.</sub>"
    return (
        f"<sub>Tick a box or comment `/genesis help`. The whole plan: `git fetch origin"
        f" refs/genesis/plan-{life.plan} && git show FETCH_HEAD:README.md`.</sub>"
    )
