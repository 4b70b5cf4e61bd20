"""Stage issues, their relations, branches and foreign commits as people left them."""

from __future__ import annotations

import pytest

from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene


def link(scene: Scene, parent: int, child: dict[str, object], login: str = OURSELVES) -> None:
    where = f"/issues/{parent}/sub_issues"
    scene.place.by(login, "POST", where, {"sub_issue_id": child["id"]})


def block(scene: Scene, issue: int, by: dict[str, object]) -> None:
    where = f"/issues/{issue}/dependencies/blocked_by"
    scene.place.by("writer", "POST", where, {"issue_id": by["id"]})


def numbers(scene: Scene) -> list[int]:
    return [s.issue.number if s.issue else 0 for s in scene.facts().stages]


def test_issues_are_found_by_number_as_sub_issues_and_by_marker(place: Place) -> None:
    scene = Scene.begin(place, stages=4)
    linked = scene.stage_issue(1)
    link(scene, scene.issue, linked)
    alone = scene.stage_issue(2)
    marked = scene.stage_issue(3, known=False)
    lost = scene.stage_issue(4, known=False)
    link(scene, scene.issue, lost)
    facts = scene.facts()
    assert numbers(scene) == [i["number"] for i in (linked, alone, marked, lost)]
    assert [s.linked for s in facts.stages] == [True, False, False, True]


def test_of_two_issues_with_a_marker_the_older_one_counts(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    older = scene.stage_issue(1, known=False)
    scene.stage_issue(1, known=False)
    assert numbers(scene) == [older["number"]]


def test_a_marker_in_somebody_elses_issue_counts_for_nothing(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    body = f"Mine\n\n{scene.marker('stage', stage=1)}"
    place.issue("Forged", "writer", body=body, labels=["genesis:stage"])
    assert numbers(scene) == [0]


def test_no_list_is_read_for_a_stage_that_has_nothing_to_do(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=5)
    for number in range(1, 5):
        scene.stage_issue(number)
    scene.app = hub.app(spy.api)
    scene.facts()
    assert [call for call in spy.calls if "labels=genesis" in call.path] == []


def test_a_deleted_stage_issue_is_not_there(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place, stages=1)
    number = scene.stage_issue(1)["number"]
    scene.app = hub.app(spy.api)
    spy.answer(rf"/issues/{number}$", 410, {"message": "This issue was deleted"})
    assert numbers(scene) == [0]


def test_an_issue_below_another_one_counts_as_linked(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    mine = scene.stage_issue(1)
    other = place.issue("Other")
    link(scene, other, mine, "writer")
    (stage,) = scene.facts().stages
    assert stage.linked


def test_blockers_are_known_and_asked_for_once(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place, stages=3)
    issues = [scene.stage_issue(n) for n in (1, 2, 3)]
    for issue in issues:
        link(scene, scene.issue, issue)
    block(scene, issues[1]["number"], issues[0])
    block(scene, issues[2]["number"], issues[1])
    block(scene, issues[2]["number"], issues[0])
    scene.app = hub.app(spy.api)
    wanted = [(), (issues[0]["number"],), (issues[0]["number"], issues[1]["number"])]
    assert [s.blocked_by for s in scene.facts().stages] == wanted
    spy.clear()
    assert [s.blocked_by for s in scene.facts().stages] == wanted
    assert [call for call in spy.calls if "blocked_by" in call.path] == []
    hub.control("POST", "/clock", {"advance": 2})
    where = f"/issues/{issues[1]['number']}/dependencies/blocked_by/{issues[0]['id']}"
    place.by("writer", "DELETE", where)
    assert scene.facts().stages[1].blocked_by == ()


def test_a_server_without_relations_is_known_by_its_silence(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=2)
    issues = [scene.stage_issue(n) for n in (1, 2)]
    older = [
        place.by("admin", "GET", f"/issues/{n}")
        for n in (scene.issue, *(i["number"] for i in issues))
    ]
    for issue in older:
        del issue["sub_issues_summary"], issue["issue_dependencies_summary"]
        spy.answer(rf"/issues/{issue['number']}$", 200, issue)
    spy.lack(r"/(sub_issues|blocked_by)$")
    scene.app = hub.app(spy.api)
    facts = scene.facts()
    assert [s.issue is not None for s in facts.stages] == [True, True]
    facts = scene.facts()
    assert not facts.repository.sub_issues
    assert not facts.repository.dependencies
    asked = [
        c for c in spy.calls if c.path.partition("?")[0].endswith(("sub_issues", "blocked_by"))
    ]
    assert len(asked) == 2


def test_an_issue_that_vanishes_meanwhile_does_not_cost_the_server_its_features(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=1)
    link(scene, scene.issue, scene.stage_issue(1))
    scene.app = hub.app(spy.api)
    spy.lack(r"/sub_issues$")
    facts = scene.facts()
    assert facts.repository.sub_issues
    assert scene.facts().repository.sub_issues


def test_branches_are_known_by_their_tips(place: Place) -> None:
    scene = Scene.begin(place, stages=3)
    one = scene.pushed(1)
    place.commit(f"genesis/{scene.plan_id}0/stage-2", {"x": "other plan"})
    place.commit(f"{scene.branch(3)}0", {"x": "no stage"})
    assert [s.branch for s in scene.facts().stages] == [one, "", ""]
    place.by("writer", "DELETE", f"/git/refs/heads/{scene.branch(1)}")
    (stage, *_) = scene.facts().stages
    assert (stage.branch, stage.foreign) == ("", ())


def test_a_person_who_pushed_is_named(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    ours = scene.pushed(1)
    assert scene.facts().stages[0].foreign == ()
    place.commit(scene.branch(1), {"a": "1"}, "maintainer")
    place.commit(scene.branch(1), {"a": "2"}, "writer")
    assert scene.facts().stages[0].foreign == ("maintainer", "writer")
    # Put back by force: what is there is ours again.
    update = {"sha": ours, "force": True}
    place.by("writer", "PATCH", f"/git/refs/heads/{scene.branch(1)}", update)
    assert scene.facts().stages[0].foreign == ()


def test_a_commit_of_ours_that_is_new_to_us_is_nobody_elses(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    first = scene.pushed(1)
    scene.pushed(1, {"b": "1"})
    scene.stage(1, head=first)
    assert scene.facts().stages[0].foreign == ()


def test_a_branch_forced_to_another_history_names_its_author(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    theirs = place.loose({"x": "y"}, place.tip("main"), "maintainer")
    update = {"sha": theirs, "force": True}
    place.by("maintainer", "PATCH", f"/git/refs/heads/{scene.branch(1)}", update)
    assert scene.facts().stages[0].foreign == ("maintainer",)


@pytest.mark.parametrize("gone", ["0" * 39 + "1", "f" * 40])
def test_a_branch_without_our_commit_is_somebodys(place: Place, gone: str) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    scene.stage(1, head=gone)
    assert scene.facts().stages[0].foreign == ("somebody",)


def test_a_branch_set_back_has_nobodys_commits(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    update = {"sha": place.tip("main"), "force": True}
    place.by("writer", "PATCH", f"/git/refs/heads/{scene.branch(1)}", update)
    (stage,) = scene.facts().stages
    assert (stage.branch, stage.foreign) == (place.tip("main"), ())
