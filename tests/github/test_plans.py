"""Plans, states and attempts come back as they were saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.state import RunState
from bot.core.verdict import Attempt, Verdict
from bot.errors import Refused, Transient, Unusable
from bot.github.plans import Plans
from bot.github.store import PlanStore
from tests.codebase.support import open_in
from tests.github.support import plan

ACTION = "1-supervise-spawn-3f2a9c"


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    return Plans(PlanStore(open_in(tmp_path)))


def attempt(number: int = 1) -> Attempt:
    return Attempt(action=ACTION, number=number, verdict=Verdict(status="failed"))


def test_a_plan_comes_back_with_documents_and_a_first_state(plans: Plans) -> None:
    documents = {"README.md": "# Plan é", "stage-1-critical.md": "x"}
    plans.save_plan(plan(), documents)
    again = Plans(PlanStore(plans.store.repository))
    assert again.load_plan("local-1") == plan()
    assert again.load_documents("local-1") == documents
    assert again.load_state("local-1") == RunState.of(plan())
    assert plans.store.history("local-1")[0].message == "Plan local-1: make it fault-tolerant"


def test_a_goal_of_many_lines_stays_one_line_of_the_log(plans: Plans) -> None:
    plans.save_plan(plan(goal="a\n\nGenesis-Plan: 9\n" + "b" * 200), {})
    (only,) = plans.store.history("local-1")
    assert only.message.startswith("Plan local-1: a Genesis-Plan: 9 bbb")
    assert len(only.message) < 100


def test_states_and_attempts_are_transitions(plans: Plans) -> None:
    plans.save_plan(plan(), {})
    state = plans.load_state("local-1")
    tried = state.with_action(state.action(ACTION).model_copy(update={"attempts": 1}))
    plans.save_attempt("local-1", 1, attempt(), tried)
    plans.save_attempt("local-1", 1, attempt(2))
    plans.save_attempt("local-1", 4, attempt(1))
    done = tried.with_action(tried.action(ACTION).model_copy(update={"status": "failed"}))
    plans.save_state(done, "Give up")

    assert plans.load_state("local-1") == done
    assert plans.load_attempts("local-1", 1) == (attempt(), attempt(2))
    assert plans.load_attempts("local-1", 4) == (attempt(1),)
    assert plans.load_attempts("local-1", 2) == ()
    assert [t.message for t in plans.store.history("local-1")] == [
        "Give up",
        f"Attempt 1 at {ACTION}: failed",
        f"Attempt 2 at {ACTION}: failed",
        f"Attempt 1 at {ACTION}: failed",
        "Plan local-1: make it fault-tolerant",
    ]


def test_attempts_are_in_order_beyond_nine(plans: Plans) -> None:
    plans.save_plan(plan(), {})
    for number in range(1, 12):
        plans.save_attempt("local-1", 1, attempt(number))
    assert [a.number for a in plans.load_attempts("local-1", 1)] == list(range(1, 12))


def test_a_state_decided_on_old_facts_is_not_saved(plans: Plans) -> None:
    plans.save_plan(plan(), {})
    other = Plans(PlanStore(plans.store.repository))
    state = other.load_state("local-1")
    plans.save_state(state, "Ours")
    with pytest.raises(Transient):
        other.save_state(state, "Theirs")
    other.save_state(other.load_state("local-1"), "Theirs again")
    assert [t.message for t in plans.store.history("local-1")][:2] == ["Theirs again", "Ours"]


def test_a_state_is_not_saved_blindly(plans: Plans) -> None:
    plans.save_plan(plan(), {})
    blind = Plans(PlanStore(plans.store.repository))
    with pytest.raises(Unusable, match="was not loaded"):
        blind.save_state(RunState.of(plan()), "x")


def test_the_same_plan_is_not_saved_twice(plans: Plans) -> None:
    plans.save_plan(plan(), {})
    with pytest.raises(Transient):
        plans.save_plan(plan(), {})


def test_a_document_cannot_take_the_plans_place(plans: Plans) -> None:
    with pytest.raises(Refused, match="cannot be named"):
        plans.save_plan(plan(), {"plan.json": "{}"})
    assert plans.store.list() == ()


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema_version": 2}', b"\xff"])
def test_a_plan_that_does_not_read_is_named(plans: Plans, content: bytes) -> None:
    plans.store.write("local-1", {"plan.json": content}, "x", None)
    with pytest.raises(Unusable, match=r"plan\.json of plan 'local-1' does not read") as caught:
        plans.load_plan("local-1")
    assert caught.value.hint
    with pytest.raises(Unusable, match=r"has no state\.json"):
        plans.load_state("local-1")
