"""Stage issues, relations and labels: each once, and people's doings are left alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from bot.core.lifecycle.commands import (
    BlockStage,
    CloseIssue,
    LinkStage,
    PutStageIssue,
    SetLabels,
)
from bot.errors import Transient
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene


def put(number: int = 0, title: str = "Stage 1", body: str = "Do it") -> PutStageIssue:
    return PutStageIssue(stage=1, number=number, title=title, body=body, labels=("genesis:stage",))


def ours(scene: Scene) -> list[dict[str, Any]]:
    found = scene.place.by("admin", "GET", "/issues", None, state="all", creator=OURSELVES)
    return [issue for issue in found if "pull_request" not in issue]


def test_a_stage_issue_is_opened_once_and_edited_in_place(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.do(put(), put())
    (issue,) = ours(scene)
    assert issue["body"] == f"Do it\n\n{scene.marker('stage', stage=1)}"
    assert [label["name"] for label in issue["labels"]] == ["genesis:stage"]
    assert issue["labels"][0]["color"] == "0969da"
    scene.do(put(body="Better"), put(issue["number"], "Mine", "Best"))
    (issue,) = ours(scene)
    assert (issue["title"], issue["body"].split("\n")[0]) == ("Mine", "Best")


def test_the_same_text_sends_nothing(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place, stages=1)
    scene.do(put())
    (issue,) = ours(scene)
    scene.app = hub.app(spy.api)
    scene.do(put(), put(issue["number"]))
    assert {call.method for call in spy.calls if "/repos/" in call.path} == {"GET"}


def test_one_that_was_deleted_is_not_made_again(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.do(put(9_999))
    assert ours(scene) == []


def test_a_forged_marker_is_not_taken_for_ours(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    forged = place.issue(
        "Forged", body=f"x\n\n{scene.marker('stage', stage=1)}", labels=["genesis:stage"]
    )
    scene.do(put())
    assert len(ours(scene)) == 1
    assert place.by("admin", "GET", f"/issues/{forged}")["title"] == "Forged"


@pytest.mark.parametrize("kind", ["error", "cut"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_creation_that_was_not_answered_is_not_doubled(
    hub: Hub, place: Place, kind: str, when: str
) -> None:
    scene = Scene.begin(place, stages=1)
    fault = {"kind": kind, "when": when, "method": "POST", "path": "/repos/*/issues", "count": 1}
    with hub.faults(fault), pytest.raises(Transient):
        scene.do(put())
    scene.do(put())
    assert len(ours(scene)) == 1


def test_processes_that_open_it_at_once_are_left_with_one_that_counts(
    hub: Hub, place: Place
) -> None:
    scene, start = Scene.begin(place, stages=1), Barrier(3)
    clients = [place.client(hub.app()) for _ in range(3)]
    for client in clients:
        client.get(".")
        client.git_token("issues")

    def write(number: int) -> None:
        start.wait()
        scene.do(put(), client=clients[number])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    open_ones = [issue for issue in ours(scene) if issue["state"] == "open"]
    assert len(open_ones) == 1
    assert len([i for i in ours(scene) if scene.marker("stage", stage=1) in i["body"]]) == 1
    (stage,) = scene.facts().stages
    assert stage.issue is not None
    assert stage.issue.number == open_ones[0]["number"]


def test_what_lists_do_not_show_yet_is_not_opened_again(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=1)
    scene.app = hub.app(spy.api)
    spy.answer(r"GET .*/issues$", 200, [])
    scene.do(put())
    scene.do(put())
    assert len(ours(scene)) == 1


def subs(scene: Scene) -> list[int]:
    return [
        i["number"] for i in scene.place.by("admin", "GET", f"/issues/{scene.issue}/sub_issues")
    ]


def test_a_stage_is_linked_once(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    issue = scene.stage_issue(1)["number"]
    link = LinkStage(stage=1, parent=scene.issue, issue=issue)
    scene.do(link, link)
    assert subs(scene) == [issue]


def test_a_stage_that_somebody_moved_below_another_issue_stays_there(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    issue = scene.stage_issue(1)
    other = place.issue("Other")
    place.by("writer", "POST", f"/issues/{other}/sub_issues", {"sub_issue_id": issue["id"]})
    scene.do(LinkStage(stage=1, parent=scene.issue, issue=issue["number"]))
    assert subs(scene) == []
    assert place.by("admin", "GET", f"/issues/{issue['number']}/parent")["number"] == other


def test_a_stage_waits_for_another_once(place: Place) -> None:
    scene = Scene.begin(place, stages=2)
    one, two = (scene.stage_issue(n)["number"] for n in (1, 2))
    block = BlockStage(issue=two, by=one)
    scene.do(block, block)
    found = place.by("admin", "GET", f"/issues/{two}/dependencies/blocked_by")
    assert [issue["number"] for issue in found] == [one]


def test_a_server_without_relations_is_asked_for_them_once(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=2)
    one, two = (scene.stage_issue(n)["number"] for n in (1, 2))
    for number in (one, two):
        older = place.by("admin", "GET", f"/issues/{number}")
        del older["sub_issues_summary"], older["issue_dependencies_summary"]
        spy.answer(rf"/issues/{number}$", 200, older)
    spy.lack(r"/(sub_issues|blocked_by)$")
    scene.app = hub.app(spy.api)
    link = LinkStage(stage=1, parent=scene.issue, issue=one)
    block = BlockStage(issue=two, by=one)
    scene.do(link, block, link, block)
    asked = [c for c in spy.calls if c.status == 404]
    assert len(asked) == 2
    repository = scene.facts().repository
    assert (repository.sub_issues, repository.dependencies) == (False, False)


def names(place: Place, number: int) -> set[str]:
    return {label["name"] for label in place.by("admin", "GET", f"/issues/{number}/labels")}


def test_labels_are_added_and_removed_and_made_in_our_colours(place: Place) -> None:
    scene = Scene.begin(place)
    more = SetLabels(on=scene.issue, add=("genesis:plan", "bug"), remove=("otp-refactor", "none"))
    scene.do(more, more)
    assert names(place, scene.issue) == {"genesis:plan", "bug"}
    assert place.by("admin", "GET", "/labels/genesis:plan")["color"] == "8250df"
    scene.do(SetLabels(on=scene.issue, remove=("genesis:plan",)))
    assert names(place, scene.issue) == {"bug"}


def test_a_label_somebody_changed_keeps_its_colour(place: Place) -> None:
    scene = Scene.begin(place)
    place.by("writer", "POST", "/labels", {"name": "genesis:plan", "color": "000000"})
    scene.do(SetLabels(on=scene.issue, add=("genesis:plan",)))
    assert place.by("admin", "GET", "/labels/genesis:plan")["color"] == "000000"


@pytest.mark.parametrize("why", ["completed", "not_planned"])
def test_an_issue_is_closed_with_its_reason_and_opened_again(place: Place, why: str) -> None:
    scene = Scene.begin(place)
    close = CloseIssue.model_validate({"number": scene.issue, "why": why})
    scene.do(close, close)
    issue = place.by("admin", "GET", f"/issues/{scene.issue}")
    assert (issue["state"], issue["state_reason"]) == ("closed", why)
    scene.do(CloseIssue(number=scene.issue, state="open"))
    assert place.by("admin", "GET", f"/issues/{scene.issue}")["state"] == "open"
