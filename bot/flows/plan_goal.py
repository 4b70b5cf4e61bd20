"""Turn a goal and an analysis into the five-stage plan; every quote is checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.finding import Analysis
from bot.core.plan import (
    STAGE_TITLES,
    Action,
    Change,
    CoverageRow,
    FileRange,
    Plan,
    StagePlan,
)
from bot.elixir.analyze import Survey
from bot.elixir.changed import with_changes
from bot.elixir.fixes import codemod
from bot.elixir.fixes.base import Declined
from bot.elixir.project import Project
from bot.elixir.supervision import mermaid
from bot.errors import OtpError
from bot.flows.actions import Composition, compose
from bot.flows.excerpt import parses
from bot.flows.rollout import rollout_stage
from bot.flows.stages import stage_plan


@dataclass(frozen=True)
class PlannedTree:
    """The project after all automatic actions, as far as they apply one after the other."""

    project: Project
    changes: tuple[Change, ...]


def plan_goal(survey: Survey, *, goal: str, plan_id: str, commit: str) -> Plan:
    """The plan for one analysed commit.

    Raises `OtpError` when a quote does not match the tree: a plan that is wrong about the code is
    not handed out.
    """
    made = compose(survey.project, survey.analysis.findings)
    actions = sorted(made.actions.values(), key=lambda a: (a.stage, bool(a.depends_on), a.id))
    after = planned_tree(survey.project, actions)
    stages = [
        stage_plan(n, tuple(a for a in actions if a.stage == n), made)
        for n in range(1, len(STAGE_TITLES))
    ]
    plan = Plan(
        id=plan_id,
        goal=goal,
        commit=commit,
        app=", ".join(app.name for app in survey.project.apps if not app.umbrella) or "unknown",
        stages=tuple(_legible(s) for s in (*stages, rollout_stage(survey.project, actions))),
        coverage=_coverage(survey.analysis, made),
        tree_today=_drawing(survey.project),
        tree_planned=_drawing(after.project),
        notes=tuple(f"{n.path}: {n.message}" for n in survey.analysis.notes),
    )
    check_quotes(plan, survey.project.files)
    return plan


def planned_tree(project: Project, actions: Iterable[Action]) -> PlannedTree:
    """Apply the automatic actions in order, in memory; one that no longer applies is left out."""
    done: list[Change] = []
    for action in _ordered(actions):
        if action.fix != "automatic" or not action.codemod:
            continue
        changes = codemod(action.codemod).apply(project, action.params)
        if not isinstance(changes, Declined):
            project = with_changes(project, changes)
            done.extend(changes)
    return PlannedTree(project, tuple(done))


def _ordered(actions: Iterable[Action]) -> list[Action]:
    return sorted(actions, key=lambda a: (a.stage, bool(a.depends_on), a.id))


def _drawing(project: Project) -> str:
    trees = [tree for tree in project.trees if tree.supervisors] or list(project.trees)
    return (
        "\n".join(mermaid(tree) for tree in trees[:1])
        if len(trees) < 2
        else "\n\n".join(mermaid(t) for t in trees)
    )


def _coverage(analysis: Analysis, made: Composition) -> tuple[CoverageRow, ...]:
    planned = [
        CoverageRow(
            rule=f.rule, path=f.path, line=f.line, status="planned",
            detail=made.action_of[f.id],
        )
        for f in analysis.findings
    ]  # fmt: skip
    exempted = [
        CoverageRow(
            rule=e.rule,
            path=e.path,
            line=e.line,
            status="exempted",
            detail=f"{e.exemption}: {e.reason}",
        )
        for e in analysis.exempted
    ]
    suppressed = [
        CoverageRow(
            rule=s.finding.rule,
            path=s.finding.path,
            line=s.finding.line,
            status="suppressed",
            detail=s.reason,
        )
        for s in analysis.suppressed
    ]
    return tuple(sorted([*planned, *exempted, *suppressed], key=lambda r: (r.rule, r.path, r.line)))


_BLOCKS = {
    "before": "the code as it is",
    "after": "the code as it becomes",
    "example": "the example",
    "test_code": "the generated test",
}
"""Fields of an action that hold Elixir, with what each of them shows."""


def _legible(stage: StagePlan) -> StagePlan:
    """The stage without the blocks of code that do not parse, which may be valid Elixir."""
    actions = tuple(_without_unread(action) for action in stage.actions)
    return stage.model_copy(update={"actions": actions})


def _without_unread(action: Action) -> Action:
    unread = [name for name in _BLOCKS if not parses(getattr(action, name))]
    if not unread:
        return action
    where = ", ".join(f"{place.path}:{place.line}" for place in action.files if place.line)
    note = (
        f"Not shown here: {', '.join(_BLOCKS[name] for name in unread)}. The parser cannot read "
        f"all of it, which need not be a mistake in it. See {where or 'the diff'}."
    )
    return action.model_copy(update={**dict.fromkeys(unread, ""), "steps": (*action.steps, note)})


def check_quotes(plan: Plan, files: Mapping[str, bytes]) -> None:
    """Compare every quoted range with the tree.

    Raises `OtpError` naming the first miss.
    """
    for action in plan.actions():
        for place in action.files:
            if place.line and not _stands(files[place.path], place):
                raise OtpError(f"the plan quotes {place.path}:{place.line} wrongly for {action.id}")


def _stands(data: bytes, place: FileRange) -> bool:
    lines = data.decode().split("\n")[place.line - 1 : place.end_line]
    quoted = place.code.split("\n")
    return [line.rstrip("\r") for line in lines] == [line.rstrip("\r") for line in quoted]
