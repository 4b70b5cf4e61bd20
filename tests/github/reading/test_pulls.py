"""Pull requests, reviews and threads as people left them."""

from __future__ import annotations

import pytest

from bot.core.lifecycle.facts import PullFacts
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene


def proposed(place: Place, draft: bool = False) -> tuple[Scene, int]:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1, {"lib/fix.ex": "one\ntwo\nthree\nfour\nfive\n"})
    return scene, scene.pull(1, draft=draft)


def seen(scene: Scene) -> PullFacts:
    pull = scene.facts().stages[0].pull
    assert pull is not None
    return pull


def test_an_open_pull_request(place: Place) -> None:
    scene, number = proposed(place)
    pull, there = seen(scene), place.by("admin", "GET", f"/pulls/{number}")
    assert (pull.number, pull.node, pull.state, pull.merged) == (
        number,
        there["node_id"],
        "open",
        False,
    )
    assert (pull.base, pull.head, pull.draft) == ("main", scene.life.stage(1).head, False)
    assert (pull.title, pull.body) == ("Stage 1", scene.marker("pull", stage=1))
    assert (pull.conflict, pull.queued, pull.merge_commit) == (False, False, "")


def test_the_base_is_read_after_what_conflicts_with_it(
    hub: Hub, place: Place, spy: Between
) -> None:
    """An attempt that starts from an older one would end in the same conflict, and be paid for."""
    place.commit("main", {"lib/fix.ex": "one\n"})
    scene, number = proposed(place)
    scene.app = hub.app(spy.api)
    tips: list[str] = []

    def meanwhile(method: str, path: str, told: str) -> None:
        if path.endswith(f"/pulls/{number}") and not tips:
            tips.append(place.commit("main", {"lib/fix.ex": "theirs\n"}))

    spy.instead = meanwhile
    facts = scene.facts()
    pull = facts.stages[0].pull
    assert pull is not None
    assert pull.conflict is True
    assert [facts.repository.base] == tips


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_it_is_known_to_be_merged_however_it_was(place: Place, method: str) -> None:
    scene, number = proposed(place)
    place.commit("main", {"other.txt": "moved on"})
    place.by("maintainer", "PUT", f"/pulls/{number}/merge", {"merge_method": method})
    pull = seen(scene)
    assert (pull.state, pull.merged, pull.merge_commit) == ("closed", True, place.tip("main"))
    assert (pull.checks, pull.reviews, pull.threads) == ((), (), ())


@pytest.mark.parametrize("branch", ["kept", "deleted"])
def test_what_a_person_proposed_from_our_branch_counts_once_it_is_merged(
    place: Place, branch: str
) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    body = {"title": "Mine", "head": scene.branch(1), "base": "main"}
    number = place.by("writer", "POST", "/pulls", body)["number"]
    assert scene.facts().stages[0].pull is None
    place.by("maintainer", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    if branch == "deleted":
        place.by("maintainer", "DELETE", f"/git/refs/heads/{scene.branch(1)}")
    pull = seen(scene)
    assert (pull.number, pull.merged, pull.merge_commit) == (number, True, place.tip("main"))


def test_what_a_person_merged_elsewhere_or_with_other_commits_is_not_the_stage(
    place: Place,
) -> None:
    scene = Scene.begin(place, stages=1)
    ours = scene.pushed(1)
    place.commit("develop", {"d": "d"})
    body = {"title": "Mine", "head": scene.branch(1), "base": "develop"}
    number = place.by("writer", "POST", "/pulls", body)["number"]
    place.by("maintainer", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    assert scene.facts().stages[0].pull is None
    place.commit(scene.branch(1), {"more": "more"})
    number = place.by("writer", "POST", "/pulls", body | {"base": "main"})["number"]
    place.by("maintainer", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    assert scene.life.stage(1).head == ours
    assert scene.facts().stages[0].pull is None


def test_nothing_is_asked_of_a_merged_stage_again(hub: Hub, place: Place, spy: Between) -> None:
    scene, number = proposed(place)
    place.by("maintainer", "PUT", f"/pulls/{number}/merge")
    scene.stage(1, status="merged", merged=place.tip("main"))
    scene.app = hub.app(spy.api)
    assert scene.facts().stages[0].pull is None
    assert [call for call in spy.calls if "/pulls" in call.path] == []


def test_closed_without_merging(place: Place) -> None:
    scene, number = proposed(place)
    place.by("writer", "PATCH", f"/pulls/{number}", {"state": "closed"})
    assert (seen(scene).state, seen(scene).merged, seen(scene).merge_commit) == (
        "closed",
        False,
        "",
    )
    place.by("writer", "PATCH", f"/pulls/{number}", {"state": "open"})
    assert seen(scene).state == "open"


def test_retargeted_and_labelled(place: Place) -> None:
    scene, number = proposed(place)
    place.commit("develop", {"d": "d"})
    place.by("writer", "PATCH", f"/pulls/{number}", {"base": "develop", "title": "T"})
    place.by("writer", "POST", f"/issues/{number}/labels", {"labels": ["bug"]})
    pull = seen(scene)
    assert (pull.base, pull.title, pull.labels) == ("develop", "T", ("bug",))


def test_drafts(place: Place) -> None:
    scene, _ = proposed(place, draft=True)
    assert seen(scene).draft


def test_a_conflict(place: Place) -> None:
    scene, _ = proposed(place)
    place.commit("main", {"lib/fix.ex": "theirs\n"})
    assert seen(scene).conflict is True


def test_mergeable_not_worked_out_yet(hub: Hub, place: Place, spy: Between) -> None:
    scene, number = proposed(place)
    there = place.by("admin", "GET", f"/pulls/{number}")
    there |= {"mergeable": None, "mergeable_state": "unknown"}
    scene.app = hub.app(spy.api)
    spy.answer(rf"/pulls/{number}$", 200, there)
    assert seen(scene).conflict is None


def test_it_is_found_by_its_branch_while_its_number_is_not_known(place: Place) -> None:
    scene, number = proposed(place)
    scene.stage(1, pull=0)
    assert seen(scene).number == number
    scene.stage(1, past=(number,))
    assert scene.facts().stages[0].pull is None


def test_of_two_of_the_branch_the_newer_counts(place: Place) -> None:
    scene, number = proposed(place)
    place.by("writer", "PATCH", f"/pulls/{number}", {"state": "closed"})
    newer = scene.pull(1)
    scene.stage(1, pull=0)
    assert seen(scene).number == newer


def test_a_pull_request_of_somebody_else_from_our_branch_is_not_ours(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    scene.pull(1, login="writer")
    scene.stage(1, pull=0)
    assert scene.facts().stages[0].pull is None


def review(place: Place, number: int, login: str, event: str, body: str = "Hm") -> int:
    made = place.by(login, "POST", f"/pulls/{number}/reviews", {"event": event, "body": body})
    return int(made["id"])


def test_reviews_carry_who_may_say_so(place: Place) -> None:
    scene, number = proposed(place)
    ids = [
        review(place, number, "reader", "REQUEST_CHANGES", "Please change"),
        review(place, number, "maintainer", "APPROVE"),
        review(place, number, "writer", "COMMENT"),
        review(place, number, "writer", "REQUEST_CHANGES"),
    ]
    place.by("maintainer", "PUT", f"/pulls/{number}/reviews/{ids[3]}/dismissals", {"message": "No"})
    place.by("writer", "POST", f"/pulls/{number}/reviews", {"body": "pending"})
    place.by(OURSELVES, "POST", f"/pulls/{number}/reviews", {"event": "COMMENT", "body": "Ours"})
    found = [(r.id, r.author, r.role, r.state, r.body) for r in seen(scene).reviews]
    assert found == [
        (ids[0], "reader", "read", "changes_requested", "Please change"),
        (ids[1], "maintainer", "maintain", "approved", "Hm"),
        (ids[2], "writer", "none", "commented", "Hm"),
        (ids[3], "writer", "none", "dismissed", "Hm"),
    ]


def remark(place: Place, number: int, head: str, line: int, text: str) -> int:
    body = {"body": text, "commit_id": head, "path": "lib/fix.ex", "line": line, "side": "RIGHT"}
    return int(place.by("writer", "POST", f"/pulls/{number}/comments", body)["id"])


def answer(place: Place, number: int, comment: int, text: str, login: str) -> None:
    where = f"/pulls/{number}/comments/{comment}/replies"
    place.by(login, "POST", where, {"body": text})


def test_threads_that_are_open_with_who_has_the_last_word(hub: Hub, place: Place) -> None:
    scene, number = proposed(place)
    head = scene.life.stage(1).head
    first = remark(place, number, head, 2, "Why two?")
    second = remark(place, number, head, 4, "And four?")
    third = remark(place, number, head, 5, "Resolved soon")
    answer(place, number, first, "It is so", OURSELVES)
    answer(place, number, second, "Ours", OURSELVES)
    answer(place, number, second, "Not enough", "maintainer")
    by_comment = {t.reply_to: t for t in seen(scene).threads}
    assert set(by_comment) == {first, second, third}
    assert by_comment[first].comments == (("writer", "Why two?"), (OURSELVES, "It is so"))
    assert [by_comment[c].answered for c in (first, second, third)] == [True, False, False]
    assert [(by_comment[c].path, by_comment[c].line) for c in (first, second)] == [
        ("lib/fix.ex", 2),
        ("lib/fix.ex", 4),
    ]
    resolve = (
        "mutation($t: ID!) { resolveReviewThread(input: {threadId: $t}) { clientMutationId } }"
    )
    told = hub.hand("writer").post(
        hub.said["graphql"], json={"query": resolve, "variables": {"t": by_comment[third].id}}
    )
    assert "errors" not in told.json()
    assert {t.reply_to for t in seen(scene).threads} == {first, second}


def test_a_person_called_as_we_are_has_not_answered_for_us(hub: Hub, place: Place) -> None:
    scene, number = proposed(place)
    hub.person("otp-genesis", **{place.full_name.replace("/", "__"): "write"})
    comment = remark(place, number, scene.life.stage(1).head, 1, "Why?")
    answer(place, number, comment, "Because.", "otp-genesis")
    (thread,) = seen(scene).threads
    assert not thread.answered


def test_more_threads_than_a_page(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    head = scene.pushed(1, {"lib/fix.ex": "x\n" * 110})
    number = scene.pull(1)
    drafts = [
        {"path": "lib/fix.ex", "line": n, "side": "RIGHT", "body": f"{n}"} for n in range(1, 106)
    ]
    body = {"event": "COMMENT", "body": "All", "commit_id": head, "comments": drafts}
    place.by("writer", "POST", f"/pulls/{number}/reviews", body)
    assert len({t.id for t in seen(scene).threads}) == 105


def test_a_server_without_a_merge_queue_is_asked_for_it_once(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene, _ = proposed(place)
    scene.app = hub.app(spy.api)
    assert not seen(scene).queued
    assert not seen(scene).queued
    asked = [call for call in spy.calls if "isInMergeQueue" in call.body]
    assert len(asked) == 1


def test_a_pull_request_in_the_merge_queue(hub: Hub, place: Place, spy: Between) -> None:
    scene, _ = proposed(place)
    scene.app = hub.app(spy.api)
    nothing = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    node = {"isInMergeQueue": True, "reviews": {"nodes": []}, "reviewThreads": nothing}
    spy.answer("/graphql", 200, {"data": {"node": node}})
    assert seen(scene).queued
