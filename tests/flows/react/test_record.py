"""What a plan's ref tells, and what of it is read."""

from __future__ import annotations

from bot.core.lifecycle.outcome import StageOutcome
from bot.core.lifecycle.state import Asked, PlanLife, StageLife
from bot.flows.react.record import PlanRecord, life_files, outcome_files
from bot.github.remote_store import Stored


def life(head: str, attempt: int = 3) -> PlanLife:
    return PlanLife(
        plan="7",
        repository="o/r",
        issue=7,
        requested=Asked(actor="wim", source="label"),
        stages=(StageLife(number=1, attempt=attempt, head=head), StageLife(number=2)),
    )


def outcome(attempt: int, commit: str) -> StageOutcome:
    status = "published" if commit else "failed"
    return StageOutcome.model_validate(
        {
            "plan": "7",
            "stage": 1,
            "attempt": attempt,
            "status": status,
            "base": "b",
            "commit": commit,
            "summary": f"Attempt {attempt}.",
        }
    )


def record(head: str, **files: bytes) -> PlanRecord:
    outcomes = [outcome(1, "old"), outcome(2, "new"), outcome(3, "")]
    stored = {**life_files(life(head)), **outcome_files(None, outcomes)}
    return PlanRecord.read(Stored("tip", {**stored, **files}))


def test_the_attempt_is_kept_whose_commit_is_on_the_branch() -> None:
    for head, attempt in (("new", 2), ("old", 1)):
        assert {n: o.attempt for n, o in record(head).kept.items()} == {1: attempt}


def test_nothing_is_kept_of_a_commit_that_no_attempt_led_to() -> None:
    assert record("foreign").kept == {}
    assert record("").kept == {}


def test_an_attempt_that_does_not_read_holds_nothing_up() -> None:
    assert record("new", **{"attempts/1/2.json": b"{"}).kept == {}
    assert record("old", **{"attempts/1/2.json": b'{"plan": 1}'}).kept[1].attempt == 1
