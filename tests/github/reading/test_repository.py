"""The repository as it is: access, configuration, and what changed under the plan."""

from __future__ import annotations

import pytest

from bot.github.client import Client
from bot.github.errors import NotAllowed
from bot.github.pacing import Pace
from tests.github.between import Between
from tests.github.hub import Hub, Place
from tests.github.scenes import QUOTED, Scene
from tests.github.waiting import with_workflow

WORKFLOW = "on: workflow_dispatch\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n"


def test_what_is_usual(place: Place) -> None:
    scene = Scene.begin(place)
    facts = scene.facts()
    there = facts.repository
    assert (there.full_name, there.access, there.archived) == (place.full_name, "active", False)
    assert (there.base_branch, there.base) == ("main", place.tip("main"))
    assert (there.sub_issues, there.dependencies, there.drafts) == (True, True, True)
    assert (facts.policy.label, facts.policy_problem) == ("otp-refactor", "")


def test_archived(place: Place) -> None:
    scene = Scene.begin(place)
    place.by("admin", "PATCH", "", {"archived": True})
    facts = scene.facts()
    assert facts.repository.archived
    assert facts.issue is not None


def test_deleted_or_taken_from_the_installation(hub: Hub, place: Place) -> None:
    scene = Scene.begin(place)
    with scene.client() as client:
        scene.facts(client)
        place.by("admin", "DELETE", "")
        assert scene.facts(client).repository.access == "gone"
    fresh = Client(hub.app(), hub.app().installation_of("acme/shop"), place.full_name, Pace(0, ()))
    facts = scene.facts(fresh)
    assert (facts.repository.access, facts.repository.full_name) == ("gone", place.full_name)
    assert facts.issue is None


def test_suspended_and_uninstalled(hub: Hub) -> None:
    app = hub.app()
    place = hub.place(app, owner="other")
    scene = Scene.begin(place)
    installation = place.installation
    client = Client(app, installation, place.full_name, Pace(0, ()))
    hub.as_app("PUT", f"/app/installations/{installation}/suspended")
    assert scene.facts(client).repository.access == "suspended"
    hub.as_app("DELETE", f"/app/installations/{installation}/suspended")
    assert scene.facts(client).repository.access == "active"
    hub.as_app("DELETE", f"/app/installations/{installation}")
    assert scene.facts(client).repository.access == "gone"


def test_what_we_may_not_read_is_no_suspension(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place)
    scene.app = hub.app(spy.api)
    words = {"message": "Resource not accessible by integration"}
    spy.answer(rf"/repos/{place.full_name}$", 403, words)
    with pytest.raises(NotAllowed):
        scene.facts()


def test_renamed(hub: Hub, place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.stage_issue(1)
    old = place.full_name
    with scene.client() as client:
        scene.facts(client)
        place.by("admin", "PATCH", "", {"name": old.partition("/")[2] + "-new"})
        place.full_name = f"{old}-new"
        facts = scene.facts(client)
        assert facts.repository.full_name == client.full_name == place.full_name
        assert facts.issue is not None
        assert facts.stages[0].issue is not None
    late = Client(hub.app(), hub.app().installation_of("acme/shop"), old, Pace(0, ()))
    assert scene.facts(late).repository.full_name == place.full_name


CONFIGS = {
    "broken": ("run: sometimes\n", "run: must be"),
    "no yaml": ("a: [", ".github/otp-genesis.yml:"),
    "huge": ("#" * 70_000, "at most 64 kB"),
}


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_a_configuration_that_cannot_be_used(place: Place, name: str) -> None:
    text, problem = CONFIGS[name]
    place.commit("main", {".github/otp-genesis.yml": text})
    facts = Scene.begin(place).facts()
    assert problem in facts.policy_problem
    assert facts.policy.run == "on-approval"


def test_a_folder_in_the_place_of_the_configuration(place: Place) -> None:
    place.commit("main", {".github/otp-genesis.yml/a": "b"})
    assert "is no file" in Scene.begin(place).facts().policy_problem


def test_the_configuration_of_another_branch_counts_for_nothing(place: Place) -> None:
    place.commit("main", {".github/otp-genesis.yml": "label: fix-me\nbase: develop\n"})
    place.commit("develop", {".github/otp-genesis.yml": "label: evil\n"})
    facts = Scene.begin(place).facts()
    assert facts.policy.label == "fix-me"
    assert (facts.repository.base_branch, facts.repository.base) == (
        "develop",
        place.tip("develop"),
    )


def test_a_base_that_is_not_there(place: Place) -> None:
    place.commit("main", {".github/otp-genesis.yml": "base: no/such#branch\n".replace("#", "-")})
    facts = Scene.begin(place).facts()
    assert (facts.repository.base_branch, facts.repository.base) == ("no/such-branch", "")


def test_a_renamed_base_is_followed(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    place.by("admin", "POST", "/branches/main/rename", {"new_name": "trunk"})
    facts = scene.facts()
    assert (facts.repository.base_branch, facts.repository.base) == ("trunk", scene.life.base)
    assert not facts.repository.rewritten


def test_the_stage_workflow(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place)
    assert not scene.facts().repository.workflow
    with_workflow(place, "otp-genesis.yml", WORKFLOW)
    scene.app = hub.app(spy.api)
    assert scene.facts().repository.workflow
    assert scene.facts().repository.workflow
    asked = [call for call in spy.calls if "/actions/workflows/" in call.path]
    assert len(asked) == 1


def test_a_workflow_that_is_switched_off(place: Place) -> None:
    with_workflow(place, "otp-genesis.yml", WORKFLOW)
    place.by("admin", "PUT", "/actions/workflows/otp-genesis.yml/disable")
    scene = Scene.begin(place)
    assert not scene.facts().repository.workflow
    place.by("admin", "PUT", "/actions/workflows/otp-genesis.yml/enable")
    assert scene.facts().repository.workflow


def drift(scene: Scene) -> tuple[tuple[str, ...], bool]:
    there = scene.facts().repository
    return there.drift, there.rewritten


def test_a_quoted_file_that_others_changed(place: Place) -> None:
    place.commit("main", {QUOTED: "a\n", "lib/other.ex": "b\n"})
    scene = Scene.begin(place, stages=1)
    assert drift(scene) == ((), False)
    place.commit("main", {"lib/other.ex": "c\n"})
    assert drift(scene) == ((), False)
    place.commit("main", {QUOTED: "d\n"})
    assert drift(scene) == ((QUOTED,), False)
    # Put back, the plan holds again.
    place.commit("main", {QUOTED: "a\n"})
    assert drift(scene) == ((), False)


def test_a_quoted_file_that_was_moved_away_or_deleted(place: Place) -> None:
    long = "".join(f"line {n}\n" for n in range(50))
    place.commit("main", {QUOTED: long, "lib/b.ex": "b\n"})
    scene = Scene.begin(place, stages=1, paths=(QUOTED, "lib/b.ex"))
    place.commit("main", {QUOTED: None, "lib/new.ex": long, "lib/b.ex": None})
    assert drift(scene) == (("lib/b.ex", QUOTED), False)


def test_a_plan_of_an_application_below_the_top(place: Place) -> None:
    place.commit("main", {"apps/web/lib/shop.ex": "a\n", QUOTED: "a\n"})
    scene = Scene.begin(place, stages=1)
    assert scene.plan is not None
    scene.plan = scene.plan.model_copy(update={"path": "apps/web"})
    place.commit("main", {QUOTED: "b\n"})
    assert drift(scene) == ((), False)
    place.commit("main", {"apps/web/lib/shop.ex": "b\n"})
    assert drift(scene) == (("apps/web/lib/shop.ex",), False)


def merged(scene: Scene, stage: int, method: str, text: str) -> None:
    """A stage of ours in two commits, merged by somebody."""
    place = scene.place
    branch = scene.branch(stage)
    message = f"Fix\n\nGenesis-Plan: {scene.plan_id}\n"
    for n in range(2):
        place.commit(branch, {QUOTED: text * (n + 1)}, "maintainer", message=message)
    body = {"title": "S", "head": branch, "base": "main"}
    number = place.by("writer", "POST", "/pulls", body)["number"]
    place.by("maintainer", "PUT", f"/pulls/{number}/merge", {"merge_method": method})
    scene.stage(stage, status="merged", merged=place.tip("main"), pull=number)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_what_we_changed_ourselves_is_no_drift(place: Place, method: str) -> None:
    place.commit("main", {QUOTED: "a\n", "x": "x"})
    scene = Scene.begin(place, stages=3)
    merged(scene, 1, method, "ours\n")
    assert drift(scene) == ((), False)
    place.commit("main", {"x": "y"})
    merged(scene, 2, method, "ours again\n")
    assert drift(scene) == ((), False)
    place.commit("main", {QUOTED: "theirs\n"})
    assert drift(scene) == ((QUOTED,), False)
    # A merge of ours after it does not cover it up.
    merged(scene, 3, method, "ours at last\n")
    assert drift(scene) == ((QUOTED,), False)


def test_more_files_than_a_comparison_lists(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    place.commit("main", {f"many/{n}": "x" for n in range(301)})
    assert drift(scene) == ((QUOTED,), False)


@pytest.mark.parametrize("how", ["behind", "diverged", "unrelated"])
def test_a_rewritten_base(place: Place, how: str) -> None:
    before = place.tip("main")
    place.commit("main", {QUOTED: "a\n"})
    scene = Scene.begin(place, stages=1)
    to = before if how == "behind" else place.loose({"x": how}, before)
    if how == "unrelated":
        scene.life = scene.life.model_copy(update={"base": "e" * 40})
    else:
        update = {"sha": to, "force": True}
        place.by("admin", "PATCH", "/git/refs/heads/main", update)
    assert drift(scene) == ((), True)


def test_two_commits_are_compared_once(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place, stages=1)
    place.commit("main", {QUOTED: "b\n"})
    scene.app = hub.app(spy.api)
    assert drift(scene) == drift(scene) == ((QUOTED,), False)
    assert len([call for call in spy.calls if "/compare/" in call.path]) == 1
