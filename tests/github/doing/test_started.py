"""Checks that are started on the branch, where nothing starts them by itself."""

from __future__ import annotations

import pytest

from bot.core.lifecycle.commands import StartCheck
from bot.github.errors import NotFound, Rejected
from bot.github.reading.started import was_started
from tests.github.hub import Place
from tests.github.scenes import Scene
from tests.github.waiting import with_workflow

CHECK = """\
name: check
on: {workflow_dispatch: %s}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo fine
"""


def pushed(place: Place, text: str = CHECK % "") -> tuple[Scene, StartCheck]:
    with_workflow(place, "check.yml", text)
    scene = Scene.begin(place, stages=1)
    head = scene.pushed(1)
    scene.stage(1, status="pr-open")
    return scene, StartCheck(stage=1, workflow="check.yml", head=head)


def count(place: Place) -> int:
    found = place.by("reader", "GET", "/actions/workflows/check.yml/runs")
    return int(found["total_count"])


def test_it_is_started_on_the_branch_and_once(place: Place) -> None:
    scene, command = pushed(place)

    scene.do(command)
    scene.do(command)

    assert count(place) == 1
    run = place.by("reader", "GET", "/actions/runs")["workflow_runs"][0]
    assert (run["head_branch"], run["head_sha"]) == (scene.branch(1), command.head)
    with scene.client() as client:
        assert was_started(client, "check.yml", command.head)
        assert not was_started(client, "check.yml", place.tip("main"))
        assert not was_started(client, "none.yml", command.head)


def test_what_cannot_be_started_is_refused_in_githubs_words(place: Place) -> None:
    scene, command = pushed(place, "on: push\njobs: {a: {runs-on: x, steps: [{run: echo}]}}\n")

    with pytest.raises(Rejected, match="workflow_dispatch"):
        scene.do(command)
    with pytest.raises(NotFound):
        scene.do(command.model_copy(update={"workflow": "none.yml"}))
