"""What passes between a step and its runner by files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.flows.step_files import MOST_SUMMARY, StepFiles, event_of
from tests.flows.action_run.support import Step


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path / "step")


def test_an_event_that_cannot_be_read_is_none(step: Step) -> None:
    step.folder.mkdir()
    (step.folder / "event.json").write_text("[" * 50_000)
    assert event_of(step.environment) == {}


def test_outputs_are_one_line_each_whatever_is_in_them(step: Step) -> None:
    StepFiles.of(step.environment).give(status="ok", report_path="a b\nstatus=stolen\r\nx<<EOF")
    assert step.outputs() == {"status": "ok", "report-path": "a b status=stolen x<<EOF"}


def test_a_summary_that_is_too_long_ends_with_where_the_rest_is(step: Step) -> None:
    StepFiles.of(step.environment).summarize("é line\n" * 200_000)
    text = step.summary()
    assert len(text.encode()) < MOST_SUMMARY + 200
    assert text.rstrip().endswith("it is in the report.")


def test_outside_of_a_job_nobody_is_told_and_nothing_has_happened() -> None:
    nowhere = StepFiles.of({})
    nowhere.give(status="ok")
    nowhere.summarize("page")
    assert event_of({}) == {}
