"""Pull requests, drafts, threads and branches: each once, and people's commits are never lost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.core.lifecycle.commands import AnswerThread, MarkReady, MoveBranch, PutPull
from bot.errors import Refused, Transient
from bot.github.errors import Rejected
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene


def put(number: int = 0, body: str = "Evidence", **more: Any) -> PutPull:
    wanted = {"stage": 1, "number": number, "base": "main", "title": "Stage 1", "body": body}
    return PutPull.model_validate(wanted | more)


def pulls(place: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.by("admin", "GET", "/pulls", None, state="all")
    return found


def test_a_pull_request_is_opened_once_and_edited_in_place(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    command = put(draft=True, labels=("genesis:stage",))
    scene.do(command, command)
    (pull,) = pulls(place)
    assert (pull["user"]["login"], pull["draft"], pull["base"]["ref"]) == (OURSELVES, True, "main")
    assert pull["head"]["ref"] == scene.branch(1)
    assert pull["body"] == f"Evidence\n\n{scene.marker('pull', stage=1)}"
    assert [label["name"] for label in pull["labels"]] == ["genesis:stage"]
    scene.do(put(body="More"), put(pull["number"], "Most", title="T"))
    (pull,) = pulls(place)
    assert (pull["title"], pull["body"].split("\n")[0]) == ("T", "Most")


def test_a_closed_one_is_left_alone_and_never_opened_again(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    number = scene.pull(1)
    place.by("writer", "PATCH", f"/pulls/{number}", {"state": "closed"})
    before = pulls(place)
    scene.do(put(number))
    assert pulls(place) == before
    # Another one is made where it is asked for, for the number is not the old one.
    scene.do(put())
    assert [p["state"] for p in pulls(place)] == ["open", "closed"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_that_was_not_answered_is_not_doubled(hub: Hub, place: Place, when: str) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    fault = {"kind": "cut", "when": when, "method": "POST", "path": "/repos/*/pulls", "count": 1}
    with hub.faults(fault), pytest.raises(Transient):
        scene.do(put())
    scene.do(put())
    assert len(pulls(place)) == 1


def test_one_that_lists_do_not_show_yet_is_not_doubled(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    scene.app = hub.app(spy.api)
    empty = [True]
    spy.instead = lambda method, path, body: (
        (200, [])
        if method == "GET" and re.search(r"/pulls\?", path) and empty and empty.pop()
        else None
    )
    scene.do(put())
    empty += [True]
    scene.do(put(body="More"))
    (pull,) = pulls(place)
    assert pull["body"].startswith("More")


def test_without_commits_it_is_refused_in_githubs_words(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    body = {"ref": f"refs/heads/{scene.branch(1)}", "sha": place.tip("main")}
    place.by("writer", "POST", "/git/refs", body)
    with pytest.raises(Rejected) as caught:
        scene.do(put())
    assert "No commits between" in str(caught.value.details)


def test_a_persons_own_of_the_same_branch_is_named_and_not_touched(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    theirs = {"title": "Mine", "head": scene.branch(1), "base": "main", "body": "My words"}
    number = place.by("writer", "POST", "/pulls", theirs)["number"]
    with pytest.raises(Refused) as caught:
        scene.do(put())
    assert f"#{number}" in str(caught.value)
    assert "`writer`" in str(caught.value)
    (pull,) = pulls(place)
    assert (pull["title"], pull["body"]) == ("Mine", "My words")
    place.by("writer", "PATCH", f"/pulls/{number}", {"state": "closed"})
    scene.do(put())
    assert [p["user"]["login"] for p in pulls(place)] == [OURSELVES, "writer"]


def test_what_a_person_has_merged_from_our_branch_is_not_proposed_again(place: Place) -> None:
    """They merge while we are about to open ours."""
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    theirs = {"title": "Mine", "head": scene.branch(1), "base": "main"}
    number = place.by("writer", "POST", "/pulls", theirs)["number"]
    place.by("maintainer", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    scene.do(put())
    assert [pull["number"] for pull in pulls(place)] == [number]
    # Not what is there by now: that was never merged.
    scene.pushed(1, {"lib/more.ex": "# more\n"})
    scene.do(put())
    assert [p["user"]["login"] for p in pulls(place)] == [OURSELVES, "writer"]


def test_ours_is_closed_where_a_person_merged_theirs_at_that_moment(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    theirs = {"title": "Mine", "head": scene.branch(1), "base": "main"}
    number = place.by("writer", "POST", "/pulls", theirs)["number"]

    def merged_first(method: str, path: str, body: str) -> None:
        if (method, path.endswith("/pulls")) == ("POST", True):
            where = f"/pulls/{number}/merge"
            place.by("maintainer", "PUT", where, {"merge_method": "squash"})

    spy.instead = merged_first
    scene.app = hub.app(spy.api)
    scene.do(put())
    assert [(p["user"]["login"], p["state"]) for p in pulls(place)] == [
        (OURSELVES, "closed"),
        ("writer", "closed"),
    ]
    seen = scene.facts().stages[0].pull
    assert seen is not None
    assert (seen.number, seen.merged) == (number, True)


def test_where_there_are_no_drafts_a_label_stands_for_them(
    hub: Hub, place: Place, spy: Between
) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    words = "Draft pull requests are not supported in this repository."
    spy.instead = lambda method, path, body: (
        (422, {"message": "Validation Failed", "errors": [{"message": words}]})
        if method == "POST" and '"draft":true' in body.replace(" ", "")
        else None
    )
    scene.app = hub.app(spy.api)
    assert scene.facts().repository.drafts
    scene.do(put(draft=True))
    (pull,) = pulls(place)
    assert not pull["draft"]
    assert [label["name"] for label in pull["labels"]] == ["genesis:not-ready"]
    assert not scene.facts().repository.drafts


def test_a_draft_is_made_ready_once(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    scene.pushed(1)
    number = scene.pull(1, draft=True)
    node = place.by("admin", "GET", f"/pulls/{number}")["node_id"]
    ready = MarkReady(pull=number, node=node)
    scene.do(ready, ready)
    assert not place.by("admin", "GET", f"/pulls/{number}")["draft"]
    place.by("writer", "PATCH", f"/pulls/{number}", {"state": "closed"})
    scene.do(ready)


def threaded(place: Place) -> tuple[Scene, AnswerThread]:
    scene = Scene.begin(place, stages=1)
    head = scene.pushed(1)
    number = scene.pull(1)
    body = {"body": "Why?", "commit_id": head, "path": "lib/fix.ex", "line": 1, "side": "RIGHT"}
    place.by("writer", "POST", f"/pulls/{number}/comments", body)
    pull = scene.facts().stages[0].pull
    assert pull is not None
    (thread,) = pull.threads
    return scene, AnswerThread(
        pull=number, thread=thread.id, reply_to=thread.reply_to, body="Done.", resolve=False
    )


def test_a_thread_is_answered_once_and_resolved(place: Place) -> None:
    scene, command = threaded(place)
    scene.do(command, command)
    said = place.by("admin", "GET", f"/pulls/{command.pull}/comments")
    assert [(c["user"]["login"], c["body"].split("\n")[0]) for c in said] == [
        ("writer", "Why?"),
        (OURSELVES, "Done."),
    ]
    pull = scene.facts().stages[0].pull
    assert pull is not None
    assert [thread.answered for thread in pull.threads] == [True]
    resolve = command.model_copy(update={"resolve": True, "body": "Done again."})
    scene.do(resolve, resolve)
    pull = scene.facts().stages[0].pull
    assert pull is not None
    assert pull.threads == ()
    assert len(place.by("admin", "GET", f"/pulls/{command.pull}/comments")) == 3


def test_a_thread_that_is_gone_needs_no_answer(place: Place) -> None:
    scene, command = threaded(place)
    place.by("writer", "DELETE", f"/pulls/comments/{command.reply_to}")
    scene.do(command.model_copy(update={"resolve": True}))
    assert place.by("admin", "GET", f"/pulls/{command.pull}/comments") == []


def published(scene: Scene, attempt: int = 1) -> str:
    return scene.published(1, attempt, {"lib/fix.ex": f"{attempt}\n"})


def move(to: str, expected: str = "", attempt: int = 1) -> MoveBranch:
    return MoveBranch(stage=1, attempt=attempt, to=to, expected=expected)


def test_a_branch_is_made_and_moved(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    first, second = published(scene), published(scene, 2)
    make = MoveBranch(stage=1, attempt=1, to=first, expected="")
    scene.do(make, make)
    assert place.tip(scene.branch(1)) == first
    # Not a fast-forward: an attempt takes the place of the one before.
    move = MoveBranch(stage=1, attempt=2, to=second, expected=first)
    scene.do(move, move)
    assert place.tip(scene.branch(1)) == second


@pytest.mark.parametrize("how", ["pushed", "deleted", "made"])
def test_a_branch_that_is_not_where_we_left_it_is_not_moved(place: Place, how: str) -> None:
    scene = Scene.begin(place, stages=1)
    first, second = published(scene), published(scene, 2)
    expected = "" if how == "made" else first
    scene.do(MoveBranch(stage=1, attempt=1, to=first, expected=""))
    if how != "deleted":
        place.commit(scene.branch(1), {"x": "theirs"}, "maintainer")
    else:
        place.by("writer", "DELETE", f"/git/refs/heads/{scene.branch(1)}")
    before = place.tip(scene.branch(1))
    with pytest.raises(Refused):
        scene.do(MoveBranch(stage=1, attempt=2, to=second, expected=expected))
    assert place.tip(scene.branch(1)) == before


def test_a_push_between_looking_and_moving_wins(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place, stages=1)
    first, second = published(scene), published(scene, 2)
    scene.do(MoveBranch(stage=1, attempt=1, to=first, expected=""))
    scene.app = hub.app(spy.api)
    theirs: list[str] = []

    def push(method: str, path: str, body: str) -> None:
        if path.endswith("/graphql") and not theirs:
            theirs.append(place.commit(scene.branch(1), {"x": "theirs"}, "maintainer"))

    spy.instead = push
    with pytest.raises(Refused):
        scene.do(MoveBranch(stage=1, attempt=2, to=second, expected=first))
    assert theirs == [place.tip(scene.branch(1))]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_move_that_was_not_answered_is_looked_at_again(hub: Hub, place: Place, when: str) -> None:
    scene = Scene.begin(place, stages=1)
    first = published(scene)
    fault = {"kind": "error", "when": when, "path": "/graphql", "count": 1}
    with hub.faults(fault), pytest.raises(Transient):
        scene.do(MoveBranch(stage=1, attempt=1, to=first, expected=""))
    scene.do(MoveBranch(stage=1, attempt=1, to=first, expected=""))
    assert place.tip(scene.branch(1)) == first


def test_a_commit_that_no_run_published_is_refused(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    first, second = published(scene), published(scene, 2)
    for attempt, commit in ((1, second), (2, first), (3, first), (1, place.tip("main"))):
        with pytest.raises(Refused, match="is not what the run published"):
            scene.do(MoveBranch(stage=1, attempt=attempt, to=commit, expected=""))
    assert place.tip(scene.branch(1)) == ""


def test_a_commit_that_is_not_there_is_refused(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    with pytest.raises(Refused):
        scene.do(MoveBranch(stage=1, attempt=1, to="d" * 40, expected=""))
    assert place.tip(scene.branch(1)) == ""


def test_only_what_the_run_published_itself_is_put_there(place: Place) -> None:
    scene = Scene.begin(place, stages=1)
    first, other = published(scene), place.loose({"x": "y"}, place.tip("main"), "maintainer")
    for command in (move(other), move(first, attempt=2)):
        with pytest.raises(Refused, match="is not what the run published"):
            scene.do(command)
    assert place.tip(scene.branch(1)) == ""
