"""A stopped run goes on after its last checkpoint step, unless what came before has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.pipeline.load import Loaded
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.points import Points, prefix_keys
from bot.pipeline.results import RunResult
from tests.pipeline.support import Tree, run, steps

BODY = """
- {name: first, type: set_variable, variables: {n: "{{ n }}"}}
- {name: told, type: command, command: [echo, one], allow_failure: true}
- {name: saved, type: checkpoint, state: {n: "{{ n }}"}}
- {name: second, type: mix, task: test}
- {name: last, type: command, command: [echo, "{{ told.stdout }}", "{{ vars.n }}"]}
"""


def play(
    loaded: Loaded, points: Points, inputs: dict[str, Any], *, exit_code: int = 0
) -> tuple[RunResult, Tree]:
    """One life of the run; it fails at the mix step when `exit_code` is not 0."""
    tree = Tree(exit_code=exit_code)
    found = points.find(prefix_keys(loaded.workflow.steps, inputs))
    result = run(
        loaded,
        inputs,
        services=tree.services(),
        keeping=Keeping(points=points),
        resume=found[1] if found else None,
    )
    return result, tree


def test_a_run_goes_on_after_its_checkpoint(tmp_path: Path) -> None:
    points, loaded = Points(tmp_path), steps(BODY)
    first, tree = play(loaded, points, {"n": 1}, exit_code=1)
    assert (first.status, tree.done) == ("failed", ["echo one"])
    again, tree = play(loaded, points, {"n": 1})
    assert again.status == "succeeded"
    assert tree.done == ["echo echo one 1"]
    assert again.steps["told"].cached


@pytest.mark.parametrize(
    ("inputs", "change"), [({"n": 2}, ("", "")), ({"n": 1}, ("echo, one", "echo, two"))]
)
def test_another_input_or_an_earlier_step_that_changed_begins_anew(
    tmp_path: Path, inputs: dict[str, Any], change: tuple[str, str]
) -> None:
    points = Points(tmp_path)
    play(steps(BODY), points, {"n": 1}, exit_code=1)
    changed = steps(BODY.replace(*change))
    _, tree = play(changed, points, inputs)
    assert len(tree.done) == 2


def test_a_later_step_that_changed_does_not(tmp_path: Path) -> None:
    points = Points(tmp_path)
    play(steps(BODY), points, {"n": 1}, exit_code=1)
    _, tree = play(steps(BODY.replace("task: test", "task: compile")), points, {"n": 1})
    assert tree.done == ["echo echo one 1"]


def test_success_forgets_its_points(tmp_path: Path) -> None:
    points, loaded = Points(tmp_path), steps(BODY)
    play(loaded, points, {"n": 1})
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_point_costs_work_and_nothing_else(tmp_path: Path) -> None:
    points, loaded = Points(tmp_path), steps(BODY)
    play(loaded, points, {"n": 1}, exit_code=1)
    (kept,) = tmp_path.glob("*.json")
    kept.write_text(kept.read_text()[:-5])
    result, tree = play(loaded, points, {"n": 1})
    assert (result.status, len(tree.done)) == ("succeeded", 2)


def test_inside_a_loop_there_is_no_point_to_go_on_from(tmp_path: Path) -> None:
    loop = """
    - name: twice
      type: for_loop
      data_source: [1, 2]
      steps:
        - {name: saved, type: checkpoint}
    - {name: end, type: mix, task: test}
    """
    points = Points(tmp_path)
    play(steps(loop), points, {}, exit_code=1)
    assert list(tmp_path.glob("*.json")) == []
