"""Plans of faults: what is refused, and that the same seed breaks the same calls."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.simulator.clock import Clock
from bot.simulator.faults.drawing import LOGGED, Faults
from bot.simulator.faults.plan import KINDS, MEANINGS, READS, Fault, FaultPlan


def faults(*planned: Fault, seed: int = 0) -> Faults:
    return Faults(Clock(), FaultPlan(seed=seed, faults=planned))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "drop", "path": "/x"},
        {"kind": "error", "event": "push"},
        {"kind": "cut", "status": 500},
        {"kind": "runner_lost", "seconds": 1},
        {"kind": "error", "status": 499},
        {"kind": "error", "probability": 1.1},
        {"kind": "error", "count": 0},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": float("inf")},
        {"kind": "error", "surprise": 1},
        {},
    ],
)
def test_a_fault_that_makes_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)


def test_every_kind_is_described() -> None:
    assert set(MEANINGS) == set(READS) == set(KINDS)
    assert all(fields <= set(Fault.model_fields) for fields in READS.values())


def test_count_and_skip() -> None:
    drawn = faults(Fault(kind="runner_lost", skip=2, count=3))
    assert [drawn.wants("runner_lost") is not None for _ in range(8)] == [
        *[False] * 2,
        *[True] * 3,
        *[False] * 3,
    ]


def test_a_name_is_a_pattern() -> None:
    drawn = faults(Fault(kind="runner_lost", name="test (*)"))
    assert drawn.wants("runner_lost", "test (1.18)") is not None
    assert drawn.wants("runner_lost", "lint") is None
    assert drawn.wants("log_missing", "test (1.18)") is None


def test_an_event_with_or_without_its_action() -> None:
    drawn = faults(Fault(kind="drop", event="issues/opened"), Fault(kind="delay", event="push"))
    assert [f.kind for f in drawn.for_delivery("issues", "opened")] == ["drop"]
    assert drawn.for_delivery("issues", "edited") == []
    assert [f.kind for f in drawn.for_delivery("push", None)] == ["delay"]


def test_what_fell_is_written_down_and_bounded() -> None:
    drawn = faults(Fault(kind="log_missing"))
    for number in range(LOGGED + 5):
        drawn.wants("log_missing", f"job {number}")
    assert len(drawn.log) == LOGGED
    assert drawn.log[-1].subject == f"log_missing job {LOGGED + 4}"
    numbers = [entry.number for entry in drawn.log]
    assert numbers == list(range(6, LOGGED + 6))
    drawn.set(FaultPlan())
    assert drawn.wants("log_missing") is None
    assert len(drawn.log) == LOGGED, "the log outlives the plan"


plans = st.lists(
    st.builds(
        Fault,
        kind=st.just("drop"),
        probability=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
        count=st.sampled_from([None, 1, 5]),
        event=st.sampled_from(["", "push", "issues"]),
    ),
    max_size=4,
)
calls = st.lists(st.sampled_from(["push", "issues", "create"]), max_size=60)


@given(plans, calls, st.integers())
def test_the_same_seed_breaks_the_same_calls(
    planned: list[Fault], asked: list[str], seed: int
) -> None:
    one, two = faults(*planned, seed=seed), faults(*planned, seed=seed)
    first = [one.for_delivery(event, None) for event in asked]
    assert first == [two.for_delivery(event, None) for event in asked]
    one.set(one.plan)
    assert first == [one.for_delivery(event, None) for event in asked]


@given(calls, st.integers())
def test_faults_do_not_disturb_each_other(asked: list[str], seed: int) -> None:
    """What one fault draws does not depend on which others there are behind it."""
    rare = Fault(kind="drop", probability=0.5, event="push")
    alone = faults(rare, seed=seed)
    among = faults(rare, Fault(kind="delay", probability=0.5), seed=seed)
    for event in asked:
        expected = alone.for_delivery(event, None)
        assert [f for f in among.for_delivery(event, None) if f.kind == "drop"] == expected


def test_other_seeds_break_other_calls() -> None:
    half = Fault(kind="drop", probability=0.5)
    drawn = {
        tuple(bool(f.for_delivery("push", None)) for _ in range(40))
        for f in (faults(half, seed=seed) for seed in range(5))
    }
    assert len(drawn) == 5
