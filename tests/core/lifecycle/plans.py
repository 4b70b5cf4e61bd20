"""A plan with something to do in stages 1, 2 and 4, nothing in 3, and work for people in 5."""

from __future__ import annotations

from bot.core.plan import STAGE_TITLES, Action, FileRange, Plan, StagePlan


def action(stage: int, name: str, path: str) -> Action:
    return Action(
        id=f"{stage}-{name}",
        stage=stage,
        title=f"Do {name}",
        fix="automatic",
        rule="spawn",
        finding_ids=(),
        codemod="supervise_spawn",
        files=(FileRange(path=path, line=1, end_line=2, code="spawn(f)"),),
        problem="Nobody watches it.",
        steps=("Do it.",),
        how_to_test="mix test",
        done_when=("It is done.",),
    )


ACTIONS = {
    1: (action(1, "supervise", "lib/a.ex"), action(1, "restart", "lib/b.ex")),
    2: (action(2, "persist", "lib/c.ex"),),
    4: (action(4, "test", "lib/d.ex"),),
    5: (action(5, "watch", "lib/e.ex"),),
}


def five_stages(commit: str, goal: str = "Make it robust", people: bool = False) -> Plan:
    """Stage 5 has something to do only where `people` is true."""
    return Plan(
        id="7",
        goal=goal,
        commit=commit,
        app="app",
        stages=tuple(_stage(n, people) for n in range(1, 6)),
        coverage=(),
        tree_today="graph TD; a",
        tree_planned="graph TD; a-->b",
    )


def _stage(number: int, people: bool) -> StagePlan:
    actions = () if number == 5 and not people else ACTIONS.get(number, ())
    return StagePlan(
        number=number,
        title=STAGE_TITLES[number],
        summary="Work." if actions else "Nothing to do.",
        problem="",
        risk="low",
        effort="an hour",
        actions=actions,
        verification=(),
        rollback=(),
        not_applicable="" if actions else "Nothing was found.",
    )
