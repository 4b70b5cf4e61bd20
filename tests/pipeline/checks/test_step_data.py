"""What is taken for known of a step's data before a run is what a run gives."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.core.verdict import Verdict
from bot.pipeline.checks.shapes import GENERAL, OUTCOMES
from bot.pipeline.checks.step_data import RECORDS
from bot.pipeline.results import StepResult, StepStatus, StepView
from bot.pipeline.services import CodemodResult
from tests.pipeline.support import Tree, run, steps

STEPS = {
    "analyze": "{name: s, type: analyze}",
    "codemod": "{name: s, type: codemod, action: a}",
    "command": "{name: s, type: command, command: [echo]}",
    "git": "{name: s, type: git, operation: diff}",
    "mix": "{name: s, type: mix, task: test}",
    "verify": "{name: s, type: verify}",
}


@pytest.mark.parametrize("kind", sorted(RECORDS))
def test_a_step_gives_the_record_it_is_known_for(kind: str) -> None:
    tree = Tree(
        verdicts=[Verdict(status="passed", reasons=())],
        codemods={"a": CodemodResult(status="unchanged")},
    )
    result = run(steps(f"- {STEPS[kind]}"), services=tree.services())
    assert result.error is None
    RECORDS[kind].model_validate(result.steps["s"].data)
    assert set(result.steps["s"].data) <= set(RECORDS[kind].model_fields)


def test_how_a_step_ended_is_known_for_every_step() -> None:
    view = StepView(StepResult("s", "git", "succeeded", data=[1]))
    assert set(GENERAL.known) == set(view)
    assert set(OUTCOMES) == set(get_args(StepStatus))
