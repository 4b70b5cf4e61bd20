"""Issues, comments, ticks and roles as people made them."""

from __future__ import annotations

import pytest

from bot.core.lifecycle.facts import Facts
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene


def by_id(facts: Facts) -> dict[int, tuple[str, str, bool]]:
    return {c.id: (c.author, c.role, c.edited) for c in facts.comments}


def test_the_issue_is_as_its_author_wrote_it(place: Place) -> None:
    scene = Scene.begin(place)
    place.by("writer", "PATCH", f"/issues/{scene.issue}", {"title": "New", "body": "Text"})
    place.by("maintainer", "PUT", f"/issues/{scene.issue}/lock")
    issue = scene.facts().issue
    assert issue is not None
    there = place.by("admin", "GET", f"/issues/{scene.issue}")
    assert (issue.number, issue.id, issue.node) == (scene.issue, there["id"], there["node_id"])
    assert (issue.title, issue.body, issue.state, issue.locked) == ("New", "Text", "open", True)
    assert (issue.author, issue.labels) == ("writer", ("otp-refactor",))


def test_comments_that_command_carry_the_role_of_now(place: Place) -> None:
    scene = Scene.begin(place)
    said = {
        login: place.say(scene.issue, "/genesis status", login)
        for login in ("admin", "maintainer", "writer", "triager", "reader")
    }
    place.say(scene.issue, "I would say /genesis approve, but not today", "writer")
    place.say(scene.issue, "> /genesis approve", "writer")
    found = by_id(scene.facts())
    assert {login: found[id][1] for login, id in said.items()} == {
        "admin": "admin",
        "maintainer": "maintain",
        "writer": "write",
        "triager": "triage",
        "reader": "read",
    }
    assert set(found) == set(said.values())
    place.by("admin", "DELETE", "/collaborators/triager")
    place.by("admin", "PUT", "/collaborators/reader", {"permission": "push"})
    found = by_id(scene.facts())
    assert found[said["triager"]] == ("triager", "none", False)
    assert found[said["reader"]] == ("reader", "write", False)


def test_a_role_of_the_organisations_own_counts_as_what_it_is_built_on(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place)
    comment = place.say(scene.issue, "/genesis approve")
    scene.app = hub.app(spy.api)
    spy.answer(
        r"/collaborators/writer/permission", 200, {"permission": "write", "role_name": "Sec"}
    )
    assert by_id(scene.facts())[comment][1] == "write"
    spy.answer(r"/collaborators/writer/permission", 200, {"permission": "none", "role_name": ""})
    assert by_id(scene.facts())[comment][1] == "none"


def test_roles_are_asked_only_of_those_who_are_to_be_obeyed(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=1)
    done = place.say(scene.issue, "/genesis approve", "maintainer")
    place.say(scene.issue, "Nice plan", "triager")
    scene.life = scene.life.model_copy(update={"handled": (done,)})
    scene.app = hub.app(spy.api)
    assert [c.id for c in scene.facts().comments] == [done]
    assert [call for call in spy.calls if "/collaborators/" in call.path] == []


def test_a_comment_edited_later_is_marked_so(place: Place, hub: Hub) -> None:
    scene = Scene.begin(place)
    comment = place.say(scene.issue, "/genesis status")
    hub.control("POST", "/clock", {"advance": 2})
    place.by("writer", "PATCH", f"/issues/comments/{comment}", {"body": "/genesis approve"})
    (found,) = scene.facts().comments
    assert (found.body, found.edited) == ("/genesis approve", True)


def test_a_comment_edited_within_the_second_it_was_made_in_is_marked_so(place: Place) -> None:
    scene = Scene.begin(place)
    comment = place.say(scene.issue, "/genesis status")
    assert [c.edited for c in scene.facts().comments] == [False]
    # The times of comments are whole seconds: they may not tell.
    place.by("writer", "PATCH", f"/issues/comments/{comment}", {"body": "/genesis approve"})
    (found,) = scene.facts().comments
    assert (found.body, found.edited) == ("/genesis approve", True)


def test_what_was_delivered_first_is_what_was_said(place: Place, hub: Hub) -> None:
    scene = Scene.begin(place)
    comment = place.say(scene.issue, "/genesis status")
    hub.control("POST", "/clock", {"advance": 2})
    place.by("writer", "PATCH", f"/issues/comments/{comment}", {"body": "/genesis approve"})
    scene.heard(comment, "/genesis status")
    (found,) = scene.facts().comments
    assert (found.body, found.edited) == ("/genesis status", False)


def test_a_command_slipped_in_afterwards_is_none(place: Place) -> None:
    scene = Scene.begin(place)
    comment = place.say(scene.issue, "Hello")
    place.by("writer", "PATCH", f"/issues/comments/{comment}", {"body": "/genesis approve"})
    scene.heard(comment, "Hello")
    assert scene.facts().comments == ()


def test_a_delivery_cannot_put_words_into_our_mouth(place: Place) -> None:
    scene = Scene.begin(place)
    ours = scene.ours(scene.issue, "Ours")
    scene.heard(ours, "/genesis approve")
    (found,) = scene.facts().comments
    assert (found.ours, found.bot, found.body) == (True, True, "Ours")


def test_a_machine_has_no_role(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place)
    place.say(scene.issue, "/genesis approve")
    (comment,) = place.by("admin", "GET", f"/issues/{scene.issue}/comments")
    comment["user"] |= {"login": "dependabot[bot]", "type": "Bot"}
    scene.app = hub.app(spy.api)
    spy.answer(rf"/issues/{scene.issue}/comments", 200, [comment])
    (found,) = scene.facts().comments
    assert (found.author, found.bot, found.ours, found.role) == (
        "dependabot[bot]",
        True,
        False,
        "none",
    )
    comment["user"] = None
    (found,) = scene.facts().comments
    assert (found.author, found.bot, found.role) == ("", True, "none")


def test_a_comment_the_lists_do_not_show_yet_is_looked_up(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place)
    comment = place.say(scene.issue, "/genesis status")
    scene.heard(comment, "/genesis status")
    scene.app = hub.app(spy.api)
    spy.answer(rf"/issues/{scene.issue}/comments$", 200, [])
    assert set(by_id(scene.facts())) == {comment}
    # That it exists is not enough: it must have been said here.
    elsewhere = place.say(place.issue(), "/genesis stop")
    scene.heard(elsewhere, "/genesis stop")
    assert scene.facts().comments == ()


def test_a_comment_that_is_deleted_is_waited_for_once(place: Place) -> None:
    scene = Scene.begin(place)
    scene.heard(987_654_321, "/genesis status")
    with scene.client() as client:
        assert scene.facts(client).comments == ()
        assert scene.facts(client).comments == ()
    assert scene.waited == [1.0, 2.0, 4.0]


def test_an_issue_that_a_delivery_names_is_waited_for(hub: Hub, place: Place) -> None:
    scene = Scene.begin(place)
    scene.told("issues.labeled", labelled="otp-refactor")
    with hub.faults({"kind": "absent", "seconds": 1, "path": "/repos/*/issues/*"}):
        late = Scene.begin(place)
        late.told("issues.labeled", labelled="otp-refactor")
        with late.place.client() as client:
            found = late.facts(client).issue
    assert found is not None
    assert found.number == late.issue


@pytest.mark.parametrize("event", ["issues.deleted", "issues.transferred", "sweep", "push"])
def test_an_issue_that_is_gone_is_not_waited_for(
    hub: Hub, place: Place, spy: Between, event: str
) -> None:
    scene = Scene.begin(place)
    scene.told(event)
    scene.app = hub.app(spy.api)
    spy.answer(rf"/issues/{scene.issue}$", 410, {"message": "This issue was deleted"})
    facts = scene.facts()
    assert facts.issue is None
    assert facts.repository.access == "active"
    assert scene.waited == []


def test_an_issue_that_moved_to_another_repository_is_gone(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place)
    moved = place.by("admin", "GET", f"/issues/{scene.issue}")
    moved["repository_url"] = f"{hub.said['api']}/repos/acme/shop"
    scene.app = hub.app(spy.api)
    spy.answer(rf"/issues/{scene.issue}$", 200, moved)
    assert scene.facts().issue is None


def test_issues_switched_off_are_told_apart_from_a_deleted_one(place: Place) -> None:
    scene = Scene.begin(place)
    place.by("admin", "PATCH", "", {"has_issues": False})
    facts = scene.facts()
    assert (facts.issue, facts.repository.issues) == (None, False)
    place.by("admin", "PATCH", "", {"has_issues": True})
    facts = scene.facts()
    assert facts.issue is not None
    assert facts.repository.issues


def test_a_pull_request_is_no_issue_to_plan_for(place: Place) -> None:
    place.commit("topic", {"a.txt": "a"})
    body = {"title": "P", "head": "topic", "base": "main"}
    number = place.by("writer", "POST", "/pulls", body)["number"]
    scene = Scene.begin(place)
    scene.life = scene.life.model_copy(update={"issue": number})
    assert scene.facts().issue is None


def test_the_last_who_labelled_asked_for_the_plan(place: Place) -> None:
    scene = Scene.begin(place)
    where = f"/issues/{scene.issue}/labels"
    place.by("triager", "DELETE", f"{where}/otp-refactor")
    assert (scene.facts().requested_by, scene.facts().requested) == ("writer", "write")
    place.by("triager", "POST", where, {"labels": ["otp-refactor", "bug"]})
    place.by("maintainer", "POST", where, {"labels": ["question"]})
    facts = scene.facts()
    assert (facts.requested_by, facts.requested) == ("triager", "triage")


def test_ticked_boxes_are_known_with_who_ticked_them(place: Place) -> None:
    scene = Scene.begin(place, stages=2)
    marker = scene.marker("dashboard")
    empty = "- [ ] Approve <!-- box=approve -->\n- [ ] Skip <!-- box=skip-1 -->\n\n" + marker
    dashboard = scene.ours(scene.issue, empty)
    assert scene.facts().ticks == ()
    ticked = empty.replace("[ ] Approve", "[x] Approve")
    place.by("maintainer", "PATCH", f"/issues/comments/{dashboard}", {"body": ticked})
    (tick,) = scene.facts().ticks
    assert (tick.box, tick.actor, tick.role) == ("approve", "", "none")
    scene.saw_ticked(dashboard, "maintainer", empty, ticked)
    (tick,) = scene.facts().ticks
    assert (tick.box, tick.actor, tick.role) == ("approve", "maintainer", "maintain")
    # An edit of something else ticks nothing, nor does one that unticks.
    scene.saw_ticked(dashboard, "reader", ticked, ticked + " ")
    assert scene.facts().ticks[0].actor == ""
    scene.saw_ticked(dashboard, "reader", ticked, empty)
    assert scene.facts().ticks[0].actor == ""
    scene.saw_ticked(dashboard + 1, "reader", empty, ticked)
    assert scene.facts().ticks[0].actor == ""


def test_a_box_that_an_edit_of_ours_emptied_meanwhile_was_ticked(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    empty = f"- [ ] Skip <!-- box=skip-1 -->\n\n{scene.marker('dashboard')}"
    dashboard = scene.ours(scene.issue, empty)
    scene.saw_ticked(dashboard, "writer", empty, empty.replace("[ ]", "[x]"))
    (tick,) = scene.facts().ticks
    assert (tick.box, tick.actor, tick.role) == ("skip-1", "writer", "write")


def test_a_dashboard_that_is_not_ours_ticks_nothing(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    body = f"- [x] Approve <!-- box=approve -->\n\n{scene.marker('dashboard')}"
    place.say(scene.issue, body, "reader")
    other = body.replace(f"plan={scene.plan_id}", f"plan={scene.plan_id}0")
    scene.ours(scene.issue, other)
    assert scene.facts().ticks == ()


def test_comments_on_stage_issues_and_pull_requests_are_heard(place: Place) -> None:
    scene = Scene.begin(place, stages=2)
    number = scene.stage_issue(1)["number"]
    scene.pushed(2)
    pull = scene.pull(2)
    said = {
        place.say(number, "/genesis fix stage 1"): number,
        place.say(pull, "/genesis retry"): pull,
        place.say(scene.issue, "/genesis status"): scene.issue,
    }
    found = scene.facts().comments
    assert {c.id: c.on for c in found} == said
    assert [c.id for c in found] == sorted(said)
    place.by("writer", "PATCH", f"/pulls/{pull}", {"state": "closed"})
    assert pull not in {c.on for c in scene.facts().comments}


def test_a_word_met_in_a_list_counts_for_what_is_there_after_it_was_said(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    place.say(scene.issue, "The list of comments is asked for where there are any.")
    scene.app = hub.app(spy.api)
    said: list[int] = []

    def meanwhile(path: str, asked: bytes, answer: bytes) -> bytes:
        """The branch is deleted once it was read, and then they speak; twice, word by word."""
        if "/git/matching-refs/" in path:
            if not said:
                place.by("writer", "DELETE", f"/git/refs/heads/{scene.branch(1)}")
            said.append(place.say(scene.issue, f"/genesis retry stage {len(said) + 1}"))
        return answer

    spy.amend = meanwhile
    facts = scene.facts()
    assert len(said) == 2
    assert [c.id for c in facts.comments] == said[:1]
    assert facts.stages[0].branch == ""


@pytest.mark.parametrize("by", ["delivery", "record", "us"])
def test_what_needs_no_second_look_has_none(hub: Hub, place: Place, spy: Between, by: str) -> None:
    scene = Scene.begin(place, stages=1)
    scene.app = hub.app(spy.api)
    login = OURSELVES if by == "us" else "writer"
    comment = place.say(scene.issue, "/genesis retry", login)
    if by == "delivery":
        scene.heard(comment, "/genesis retry")
    if by == "record":
        scene.life = scene.life.model_copy(update={"handled": (comment,)})
    assert [c.id for c in scene.facts().comments] == [comment]
    assert len([c for c in spy.calls if "/git/matching-refs/" in c.path]) == 1


def test_people_who_approved_are_asked_for_while_it_matters(place: Place) -> None:
    from bot.core.lifecycle.state import Asked

    scene = Scene.begin(place, stages=3)
    for number, login in ((1, "maintainer"), (2, "triager"), (3, "writer")):
        scene.stage(number, approved=Asked(actor=login, source="tick"), status="approved")
    scene.stage(3, status="merged")
    facts = scene.facts()
    assert facts.roles == {"maintainer": "maintain", "triager": "triage"}
    assert OURSELVES not in facts.roles
