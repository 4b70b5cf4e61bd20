"""What is tried, what is blocked, what is tried again."""

from __future__ import annotations

import pytest

from bot.core.finding import FixKind
from bot.core.plan import STAGE_TITLES, Action, Plan, StagePlan
from bot.core.state import BLOCKED, ActionState, ActionStatus, RunState
from bot.errors import Unusable
from bot.flows.selection import selected, to_try


def action(name: str, stage: int, *needs: str, fix: FixKind = "automatic") -> Action:
    return Action(
        id=name, stage=stage, title=name, fix=fix, rule="r", finding_ids=(), files=(), problem="p",
        steps=(), how_to_test="", done_when=(), depends_on=needs,
    )  # fmt: skip


def plan(*actions: Action) -> Plan:
    stages = tuple(
        StagePlan(
            number=n, title=title, summary="", problem="", risk="low", effort="", verification=(),
            rollback=(), actions=tuple(a for a in actions if a.stage == n),
        )
        for n, title in STAGE_TITLES.items()
    )  # fmt: skip
    return Plan(
        id="local-1", goal="g", commit="0" * 40, app="a", stages=stages, coverage=(),
        tree_today="", tree_planned="",
    )  # fmt: skip


PLAN = plan(
    action("1-base", 1), action("1-use", 1, "1-base"), action("2-top", 2, "1-use"),
    action("3-patch", 3, fix="assisted"), action("5-roll", 5, fix="advice"),
)  # fmt: skip


def state(**statuses: ActionStatus | tuple[ActionStatus, str]) -> RunState:
    made = RunState.of(PLAN)
    for name, value in statuses.items():
        status, reason = value if isinstance(value, tuple) else (value, "")
        found = PLAN.action(name.removeprefix("a").replace("_", "-")).id
        made = made.with_action(ActionState(id=found, status=status, reason=reason))
    return made


def trying(made: RunState, *, again: bool = False) -> tuple[list[str], dict[str, str]]:
    tried, blocked = to_try(selected(PLAN, stage=None, only=""), made, again=again)
    return [a.id for a in tried], blocked


def test_everything_but_the_rollout_is_selected_in_order() -> None:
    assert [a.id for a in selected(PLAN, stage=None, only="")] == [
        "1-base", "1-use", "2-top", "3-patch",
    ]  # fmt: skip


def test_a_stage_brings_what_it_needs() -> None:
    assert [a.id for a in selected(PLAN, stage=2, only="")] == ["1-base", "1-use", "2-top"]
    assert selected(PLAN, stage=5, only="") == ()
    with pytest.raises(Unusable, match="stage 2 of the plan has no action '1-use'"):
        selected(PLAN, stage=2, only="1-use")


def test_what_rests_on_a_failure_is_blocked_all_the_way_up() -> None:
    tried, blocked = trying(state(a1_base="failed"))
    assert tried == ["3-patch"]
    assert blocked == {"1-use": "1-base", "2-top": "1-use"}


def test_what_was_blocked_goes_on_once_its_base_is_there() -> None:
    was: tuple[ActionStatus, str] = ("skipped", f"{BLOCKED}1-base, which is not done")
    tried, blocked = trying(state(a1_base="committed", a1_use=was, a2_top=was))
    assert (tried, blocked) == (["1-use", "2-top", "3-patch"], {})


def test_an_automatic_patch_was_left_because_nothing_could_be_built() -> None:
    tried, _ = trying(state(a1_base="patch", a3_patch="patch"))
    assert tried == ["1-base", "1-use", "2-top"]


@pytest.mark.parametrize("status", ["failed", "undone", "skipped"])
def test_only_a_named_action_is_tried_again(status: ActionStatus) -> None:
    ended = state(a1_base="committed", a1_use=status, a2_top="committed", a3_patch="patch")
    assert trying(ended) == ([], {})
    assert trying(ended, again=True)[0] == ["1-use", "3-patch"]
