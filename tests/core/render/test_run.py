"""The table a run ends with."""

from __future__ import annotations

from bot.core.render.run import as_json, as_text
from bot.core.state import ActionState, RunState
from bot.core.verdict import Baseline
from tests.factories import action, plan


def test_a_committed_action_shows_commit_branch_and_undo() -> None:
    made = plan(action())
    state = RunState.of(made).with_action(
        ActionState(id=action().id, status="committed", commit="a" * 40)
    )
    state = state.with_stage(
        state.stage(1).model_copy(update={"branch": "genesis/local-1/stage-1", "tip": "a" * 40})
    )
    text = as_text(made, state, [action().id], Baseline(tree="t", buildable=True))
    assert "committed       aaaaaaaaaa" in text
    assert "Branch genesis/local-1/stage-1 at aaaaaaaaaa" in text
    assert "genesis undo local-1" in text


def test_what_failed_says_why() -> None:
    made = plan(action())
    state = RunState.of(made).with_action(
        ActionState(id=action().id, status="failed", reason="2 tests fail now")
    )
    assert "2 tests fail now" in as_text(made, state, [action().id], None)


def test_cannot_build_is_never_shown_as_success() -> None:
    made = plan(action())
    base = Baseline(tree="t", buildable=False, reason="Hex is not installed")
    text = as_text(made, RunState.of(made), [action().id], base)
    assert "Cannot build here: Hex is not installed" in text
    assert "committed as verified" in text
    assert as_json(made, RunState.of(made), [], base)["buildable"] is False


def test_a_dry_run_says_that_nothing_was_written() -> None:
    made = plan(action())
    assert "nothing was written" in as_text(made, RunState.of(made), [], None, dry_run=True)
