"""What a runner says of a job, and how it is told things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import Misused, Unusable
from bot.flows.action_run.runner import Runner
from tests.flows.action_run.support import ORIGIN, Step

BASE, HEAD = "b" * 40, "c" * 40


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path / "step")


def test_outside_of_a_job_it_says_what_to_use_instead() -> None:
    with pytest.raises(Misused, match="no step of a workflow run"):
        Runner.of({"PATH": "/bin"})


def test_it_knows_hosts_of_enterprise_servers(step: Step) -> None:
    assert step.runner().server == ORIGIN


@pytest.mark.parametrize(
    ("event", "base"),
    [
        ({"pull_request": {"base": {"sha": BASE}}}, BASE),
        ({"before": BASE, "after": HEAD}, BASE),
        ({"merge_group": {"base_sha": BASE}}, BASE),
        ({"before": "0" * 40}, ""),
        ({"before": "--help"}, ""),
        ({"pull_request": None, "before": ["x"]}, ""),
        ({}, ""),
    ],
)
def test_the_event_names_where_the_change_began(step: Step, event: Any, base: str) -> None:
    assert step.runner(event).base() == base


def test_each_use_in_a_job_has_a_report_of_its_own(step: Step) -> None:
    runner = step.runner(command="analyze")
    made = [runner.report_folder(runner.order()).name for _ in range(3)]
    assert made == ["otp-genesis-analyze", "otp-genesis-analyze-2", "otp-genesis-analyze-3"]


def test_a_project_that_is_not_there_is_refused(step: Step) -> None:
    runner = step.runner(command="analyze", path="apps/shop")
    with pytest.raises(Unusable, match="there is no folder 'apps/shop'") as caught:
        runner.project(runner.order())
    assert "check the repository out" in caught.value.hint


def test_a_link_does_not_lead_out_of_the_work_space(step: Step) -> None:
    runner = step.runner(command="analyze", path="out")
    (step.work / "out").symlink_to(step.folder)
    with pytest.raises(Unusable, match="there is no folder"):
        runner.project(runner.order())
