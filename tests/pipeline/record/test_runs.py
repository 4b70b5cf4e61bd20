"""The record of runs: found again, held by one process, never half written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import Busy, Unusable
from bot.pipeline.record.runs import RunRecord, RunStore, add_usage, run_id

NOON = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)


def record(name: str = "r", key: str = "k", **more: object) -> RunRecord:
    values = {"id": name, "workflow": "w", "file": "w.yaml", "key": key, "started": NOON} | more
    return RunRecord.model_validate(values)


def test_a_run_without_a_living_process_was_interrupted(tmp_path: Path) -> None:
    run = RunStore(tmp_path).create(record())
    with run.held():
        assert run.load().status == "running"
    assert run.load().status == "interrupted"


def test_two_processes_cannot_hold_one_run(tmp_path: Path) -> None:
    run = RunStore(tmp_path).create(record())
    with run.held(), pytest.raises(Busy, match="another process"), run.held():
        raise AssertionError
    with run.held():
        assert run.load().status == "running"


def test_an_error_inside_frees_the_run_and_keeps_its_kind(tmp_path: Path) -> None:
    run = RunStore(tmp_path).create(record())
    with pytest.raises(BlockingIOError, match="disk"), run.held():
        raise BlockingIOError(11, "disk")
    assert not run.alive()


def test_the_same_name_in_the_same_second_is_told_apart(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    assert [store.create(record()).id, store.create(record()).id] == ["r", "r-2"]
    assert store.find("r-2").load().id == "r-2"


@pytest.mark.parametrize(
    ("status", "found"),
    [("failed", True), ("interrupted", True), ("running", True), ("succeeded", False)],
)
def test_only_what_did_not_succeed_is_taken_up(tmp_path: Path, status: str, found: bool) -> None:
    store = RunStore(tmp_path)
    run = store.create(record(status=status))
    assert (store.unfinished("k") == run) is found
    assert store.unfinished("another call") is None


def test_a_failed_run_before_one_that_succeeded_is_over(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.create(record("a", status="failed"))
    store.create(record("b", status="succeeded", started=NOON + timedelta(seconds=1)))
    assert store.unfinished("k") is None


def test_a_run_is_found_by_how_it_starts_and_the_newest_by_nothing(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    old = store.create(record("20260131-plan"))
    new = store.create(record("20260201-plan", started=NOON + timedelta(days=1)))
    assert store.find("20260131") == old
    assert store.find("") == new
    with pytest.raises(Unusable, match="2 runs start with '20'"):
        store.find("20")
    with pytest.raises(Unusable, match="there is no run 'x'"):
        store.find("x")


def test_a_damaged_record_hides_itself_alone(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    good, bad = store.create(record("good")), store.create(record("bad"))
    (bad.directory / "run.json").write_text("{")
    assert [run for run, _ in store.all()] == [good]
    with pytest.raises(Unusable, match="'bad' cannot be read"):
        bad.load()


def test_a_run_is_forgotten_only_when_nobody_works_on_it(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = store.create(record())
    with run.held(), pytest.raises(Busy):
        store.remove(run)
    store.remove(run)
    assert store.all() == []


def test_records_are_for_their_owner_alone(tmp_path: Path) -> None:
    run = RunStore(tmp_path / "runs").create(record())
    assert (run.directory.stat().st_mode & 0o077, run.directory.parent.stat().st_mode & 0o077) == (
        0,
        0,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("OTP Plan!", "otp-plan"), ("../../x", "x"), ("ÄÖ", "pipeline"), ("a" * 90, "a" * 40)],
)
def test_ids_are_plain(name: str, expected: str) -> None:
    assert run_id(name, NOON) == f"20260131-120005-{expected}"


def test_usage_of_all_lives_adds_up() -> None:
    assert add_usage({"usd": 1.0}, {"usd": 0.5, "calls": 2}) == {"usd": 1.5, "calls": 2}
