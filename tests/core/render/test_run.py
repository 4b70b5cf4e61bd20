"""The table a run ends with."""

from __future__ import annotations

from inline_snapshot import snapshot

from bot.core.render.run import as_json, as_text
from bot.core.state import BLOCKED, ActionState, RunState
from bot.core.verdict import FLAKY, Baseline
from tests.factories import action, plan


def test_the_table_shows_what_happened_and_what_comes_next() -> None:
    other = action(id="1-bound-timeout-def456", title="Give a call an end", fix="assisted")
    made = plan(action(), other)
    done = ActionState(id=action().id, status="committed", commit="a" * 40, proof="behavioural")
    asked = ActionState(id=other.id, status="patch", reason="How long? It is 5 s by default.")
    state = RunState.of(made).with_action(done).with_action(asked)
    state = state.with_stage(
        state.stage(1).model_copy(update={"branch": "genesis/local-1/stage-1", "tip": "a" * 40})
    ).model_copy(
        update={"tests_before": "47 tests, 0 failures", "tests_after": "48 tests, 0 failures"}
    )
    shown = as_text(made, state, [action().id], None)
    assert shown == snapshot("""\
Plan local-1 for shop at cccccccccccc

1. Critical fixes (stop the bleeding)
  committed  aaaaaaaaaa  behavioural  1-supervise-spawn-abc123  Supervise the job in A.run/1
  to decide                           1-bound-timeout-def456    Give a call an end
             How long?

Tests before: 47 tests, 0 failures
Tests after:  48 tests, 0 failures
1 committed, 1 to decide
Branch genesis/local-1/stage-1 at aaaaaaaaaa
Look at it:    git log -p cccccccccc..genesis/local-1/stage-1
Take it back:  genesis undo local-1
A patch:       genesis show --action ID | git apply; not tried, so run your tests
All the text:  genesis show local-1 --stage N\
""")


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
    assert as_json(made, RunState.of(made), [], base)["verifiable"] is False


def test_a_dry_run_says_that_nothing_was_written() -> None:
    made = plan(action())
    assert "nothing was written" in as_text(made, RunState.of(made), [], None, dry_run=True)


def test_flaky_tests_of_the_base_are_named() -> None:
    base = Baseline(tree="t", buildable=True, flaky=("Shop.MailTest test sends",))
    made = plan(action())
    assert "Flaky before any change: Shop.MailTest test sends" in as_text(
        made, RunState.of(made), [action().id], base
    )


def test_a_flaky_test_is_no_failure_and_waiting_is_no_advice() -> None:
    other = action(id="1-bound-timeout-def456", title="Give a call an end")
    made = plan(action(), other)
    torn = ActionState(id=action().id, status="failed", reason=f"{FLAKY}'a' failed, then passed")
    waits = ActionState(id=other.id, status="skipped", reason=f"{BLOCKED}x, which is not done")
    text = as_text(made, RunState.of(made).with_action(torn).with_action(waits), [], None)
    rows = {line.split()[0] for line in text.splitlines() if line.startswith("  ")}
    assert rows >= {"flaky", "waiting"}
    assert "1 undone, for the tests are flaky, 1 waiting for another" in text
    assert "genesis run --only ID" in text
    assert "failed and undone" not in text
