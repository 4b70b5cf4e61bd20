"""How many calls a reading takes: GitHub counts them, 5,000 an hour for an installation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.lifecycle.state import Asked
from tests.github.between import Between
from tests.github.hub import Hub, Place
from tests.github.scenes import Scene
from tests.github.waiting import with_workflow

WORKFLOW = "on: workflow_dispatch\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n"


@pytest.fixture
def settled(hub: Hub, place: Place, spy: Between) -> Iterator[Scene]:
    """A plan of five stages as it stands for weeks: issues linked, blocked, a dashboard."""
    with_workflow(place, "otp-genesis.yml", WORKFLOW)
    scene = Scene.begin(place, stages=5)
    before = None
    for number in range(1, 6):
        issue = scene.stage_issue(number)
        link = f"/issues/{scene.issue}/sub_issues"
        place.by("writer", "POST", link, {"sub_issue_id": issue["id"]})
        if before is not None:
            block = f"/issues/{issue['number']}/dependencies/blocked_by"
            place.by("writer", "POST", block, {"issue_id": before["id"]})
        before = issue
    scene.ours(scene.issue, f"Dashboard\n\n{scene.marker('dashboard')}")
    scene.app = hub.app(spy.api)
    yield scene
    scene.app.close()


def asked(scene: Scene, spy: Between) -> list[str]:
    """What a second look asks: the first one also learns what does not change."""
    scene.facts()
    spy.clear()
    scene.facts()
    return [call.what.replace(f"/repos/{scene.place.full_name}", ".") for call in spy.calls]


def test_a_plan_that_waits_for_approval(settled: Scene, spy: Between) -> None:
    assert len(asked(settled, spy)) <= 7


def test_a_plan_that_waits_for_review(settled: Scene, spy: Between) -> None:
    settled.pushed(1)
    settled.pull(1)
    approved = Asked(actor="writer", source="tick")
    settled.stage(1, status="awaiting-review", approved=approved)
    assert len(asked(settled, spy)) <= 12


def test_a_plan_with_three_stages_merged(settled: Scene, spy: Between) -> None:
    for number in (1, 2, 3):
        settled.pushed(number, {f"lib/{number}.ex": "x"})
        pull = settled.pull(number)
        settled.place.by("maintainer", "PUT", f"/pulls/{pull}/merge")
        settled.stage(number, status="merged", merged=settled.place.tip("main"))
    assert len(asked(settled, spy)) <= 7


def test_a_plan_whose_stage_runs(settled: Scene, spy: Between) -> None:
    approved = Asked(actor="writer", source="tick")
    settled.stage(1, status="queued", attempt=1, flying=True, approved=approved)
    assert len(asked(settled, spy)) <= 9
