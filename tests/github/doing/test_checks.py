"""Our check runs: one for each stage and commit, with each annotation once."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.lifecycle.commands import PutCheck
from bot.errors import Transient
from tests.github.hub import Hub, Place
from tests.github.scenes import Scene

NOTES = tuple((f"lib/{n}.ex", n + 1, f"line {n}") for n in range(120))


def check(scene: Scene, **more: Any) -> PutCheck:
    usual = {
        "stage": 1,
        "head": scene.life.stage(1).head,
        "status": "in_progress",
        "title": "Stage 1: running",
        "summary": "Wait.",
    }
    return PutCheck.model_validate(usual | more)


def ended(scene: Scene, conclusion: str = "action_required", **more: Any) -> PutCheck:
    return check(scene, status="completed", conclusion=conclusion, title="Ended", **more)


def runs(scene: Scene, which: str = "latest") -> list[dict[str, Any]]:
    head = scene.life.stage(1).head
    found = scene.place.by("admin", "GET", f"/commits/{head}/check-runs", None, filter=which)
    return [r for r in found["check_runs"] if r["name"] == "genesis/stage-1"]


def noted(scene: Scene) -> list[tuple[str, int, str]]:
    (run,) = runs(scene)
    found = []
    for page in (1, 2):
        found += scene.place.by(
            "admin", "GET", f"/check-runs/{run['id']}/annotations", None, per_page=100, page=page
        )
    return [(a["path"], a["start_line"], a["message"]) for a in found]


@pytest.fixture
def scene(place: Place) -> Scene:
    made = Scene.begin(place, stages=1)
    made.pushed(1)
    return made


def test_it_begins_and_ends_once(scene: Scene) -> None:
    scene.do(check(scene), check(scene))
    (run,) = runs(scene, "all")
    assert (run["status"], run["output"]["title"]) == ("in_progress", "Stage 1: running")
    scene.do(ended(scene), ended(scene))
    (run,) = runs(scene, "all")
    assert (run["status"], run["conclusion"]) == ("completed", "action_required")


def test_what_has_ended_stays_so_when_work_begins_anew(scene: Scene) -> None:
    scene.do(ended(scene), check(scene), check(scene))
    assert [r["status"] for r in runs(scene, "all")].count("completed") == 1
    (run,) = runs(scene)
    assert run["status"] == "in_progress"
    scene.do(ended(scene, "success"))
    assert {r["conclusion"] for r in runs(scene, "all")} == {"action_required", "success"}


def test_more_annotations_than_a_request_takes_each_once(scene: Scene) -> None:
    scene.do(check(scene), ended(scene, annotations=NOTES), ended(scene, annotations=NOTES))
    assert sorted(noted(scene)) == sorted(NOTES)
    scene.app = scene.place.hub.app()
    scene.do(ended(scene, annotations=(*NOTES, ("lib/new.ex", 0, "")), summary="New"))
    assert sorted(noted(scene)) == sorted((*NOTES, ("lib/new.ex", 1, "failed")))


@pytest.mark.parametrize("when", ["before", "after"])
def test_annotations_are_not_doubled_by_trouble(hub: Hub, scene: Scene, when: str) -> None:
    scene.do(check(scene))
    fault = {"kind": "error", "when": when, "method": "PATCH", "skip": 1, "count": 1}
    with hub.faults(fault), pytest.raises(Transient):
        scene.do(ended(scene, annotations=NOTES))
    scene.do(ended(scene, annotations=NOTES))
    assert sorted(noted(scene)) == sorted(NOTES)


def test_texts_are_cut_to_what_github_takes(scene: Scene) -> None:
    long = ("lib/a.ex", 1, "é" * 70_000)
    scene.do(ended(scene, summary="x" * 70_000, annotations=(long,)))
    ((path, line, message),) = noted(scene)
    assert (path, line) == ("lib/a.ex", 1)
    assert 0 < len(message.encode()) <= 64 * 1024


def test_a_creation_that_was_not_answered_is_not_doubled(hub: Hub, scene: Scene) -> None:
    fault = {"kind": "error", "when": "after", "method": "POST", "path": "*/check-runs", "count": 1}
    with hub.faults(fault), pytest.raises(Transient):
        scene.do(check(scene))
    scene.do(check(scene))
    assert len(runs(scene, "all")) == 1
