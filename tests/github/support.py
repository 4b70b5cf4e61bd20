"""Small plans for tests of the store."""

from __future__ import annotations

from bot.core.plan import STAGE_TITLES, Action, FileRange, Plan, StagePlan


def action(action_id: str = "1-supervise-spawn-3f2a9c", stage: int = 1) -> Action:
    """An action of one step."""
    return Action(
        id=action_id,
        stage=stage,
        title="Supervise the spawned process",
        fix="automatic",
        rule="unsupervised-spawn",
        finding_ids=("unsupervised-spawn-0123456789",),
        files=(FileRange(path="lib/shop.ex", line=2, end_line=2, code="spawn(fn -> :ok end)"),),
        problem="Nobody restarts it.",
        steps=("Start it below a Task.Supervisor.",),
        how_to_test="Kill it.",
        done_when=("It comes back.",),
    )


def plan(plan_id: str = "local-1", goal: str = "make it fault-tolerant") -> Plan:
    """Five stages, two actions in the first."""
    stages = tuple(
        StagePlan(
            number=number,
            title=title,
            summary="s",
            problem="p",
            risk="low",
            effort="1 h",
            actions=(action(), action("1-other-aaaaaa")) if number == 1 else (),
            verification=(),
            rollback=(),
        )
        for number, title in STAGE_TITLES.items()
    )
    return Plan(
        id=plan_id,
        goal=goal,
        commit="0" * 40,
        app="shop",
        stages=stages,
        coverage=(),
        tree_today="graph TD",
        tree_planned="graph TD",
    )
