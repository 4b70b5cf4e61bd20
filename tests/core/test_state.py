"""The state of a run."""

from __future__ import annotations

import pytest

from bot.core.state import ActionState, RunState
from tests.github.support import plan

ACTION = "1-supervise-spawn-3f2a9c"


def test_a_new_run_has_every_action_pending() -> None:
    state = RunState.of(plan())
    assert [stage.number for stage in state.stages] == [1, 2, 3, 4, 5]
    assert [a.id for a in state.unfinished()] == [ACTION, "1-other-aaaaaa"]
    assert (state.plan_id, state.base) == ("local-1", "0" * 40)


def test_changing_one_action_leaves_the_others() -> None:
    before = RunState.of(plan())
    after = before.with_action(ActionState(id=ACTION, status="committed", commit="c"))
    assert after.action(ACTION).commit == "c"
    assert after.action("1-other-aaaaaa") == before.action("1-other-aaaaaa")
    assert [a.id for a in after.unfinished()] == ["1-other-aaaaaa"]
    assert before.action(ACTION).status == "pending"


def test_changing_a_stage() -> None:
    before = RunState.of(plan())
    stage = before.stage(2).model_copy(update={"status": "done", "branch": "genesis/1/stage-2"})
    after = before.with_stage(stage)
    assert after.stage(2) == stage
    assert after.stage(1) == before.stage(1)


def test_what_is_not_in_the_plan_is_an_error() -> None:
    state = RunState.of(plan())
    with pytest.raises(KeyError):
        state.stage(9)
    with pytest.raises(KeyError):
        state.action("gone")
    with pytest.raises(KeyError):
        state.with_action(ActionState(id="gone"))


@pytest.mark.parametrize(
    "status", ["committed", "patch", "failed", "skipped", "undone", "declined"]
)
def test_finished_actions_do_not_come_again(status: str) -> None:
    state = RunState.of(plan())
    action = ActionState.model_validate({"id": ACTION, "status": status})
    assert ACTION not in [a.id for a in state.with_action(action).unfinished()]


def test_json_round_trip() -> None:
    state = RunState.of(plan())
    assert RunState.model_validate_json(state.model_dump_json()) == state
