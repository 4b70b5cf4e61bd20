"""Comments and reactions: once, whatever happens, and never somebody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bot.core.lifecycle.commands import PutComment, React
from bot.errors import Transient
from bot.github.errors import NotFound
from tests.github.between import Between
from tests.github.hub import OURSELVES, Hub, Place
from tests.github.scenes import Scene


def said(scene: Scene) -> list[tuple[str, str]]:
    found = scene.place.by("admin", "GET", f"/issues/{scene.issue}/comments")
    return [(c["user"]["login"], c["body"]) for c in found]


def put(scene: Scene, body: str = "Text", kind: str = "dashboard") -> PutComment:
    return PutComment(on=scene.issue, marker=scene.marker(kind), body=body)


@pytest.mark.parametrize("content", ["eyes", "rocket", "confused", "+1"])
def test_a_reaction_on_an_issue_and_on_a_comment(place: Place, content: str) -> None:
    scene = Scene.begin(place)
    comment = place.say(scene.issue, "/genesis help")
    on_issue = React.model_validate({"issue": scene.issue, "content": content})
    on_comment = on_issue.model_copy(update={"comment": comment})
    scene.do(on_issue, on_issue, on_comment, on_comment)
    for where in (f"/issues/{scene.issue}", f"/issues/comments/{comment}"):
        found = place.by("admin", "GET", f"{where}/reactions")
        assert [(r["user"]["login"], r["content"]) for r in found] == [(OURSELVES, content)]


def test_a_comment_is_written_once_and_edited_in_place(place: Place) -> None:
    scene = Scene.begin(place)
    scene.do(put(scene), put(scene))
    body = f"Text\n\n{scene.marker('dashboard')}"
    assert said(scene) == [(OURSELVES, body)]
    scene.do(put(scene, "New"), put(scene, "New"))
    assert said(scene) == [(OURSELVES, body.replace("Text", "New"))]
    scene.do(put(scene, "Other", "status"))
    assert len(said(scene)) == 2


def test_nothing_is_sent_where_the_text_is_the_same(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place)
    scene.do(put(scene, "Two\nlines"))
    scene.app = hub.app(spy.api)
    scene.do(put(scene, "Two\nlines"))
    assert {call.method for call in spy.calls if "/repos/" in call.path} == {"GET"}


def test_the_comment_of_somebody_else_is_left_alone(place: Place) -> None:
    scene = Scene.begin(place)
    forged = f"Mine\n\n{scene.marker('dashboard')}"
    place.say(scene.issue, forged, "writer")
    scene.do(put(scene))
    assert said(scene)[0] == ("writer", forged)
    assert said(scene)[1][0] == OURSELVES


def test_our_comment_is_found_on_a_later_page(place: Place) -> None:
    scene = Scene.begin(place)
    for number in range(101):
        place.say(scene.issue, f"{number}")
    scene.do(put(scene))
    scene.app = place.hub.app()
    scene.do(put(scene, "New"))
    assert [body for login, body in said(scene) if login == OURSELVES] == []  # on the first page
    more = place.by("admin", "GET", f"/issues/{scene.issue}/comments", None, per_page=100, page=2)
    assert [c["body"].split("\n")[0] for c in more if c["user"]["login"] == OURSELVES] == ["New"]


def test_a_body_that_is_too_long_is_cut_and_keeps_its_marker(place: Place) -> None:
    scene = Scene.begin(place)
    scene.do(put(scene, "é" * 70_000))
    ((_, body),) = said(scene)
    assert len(body) <= 65_536
    assert body.endswith(scene.marker("dashboard"))


@pytest.mark.parametrize("kind", ["error", "cut"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_creation_that_was_not_answered_is_not_doubled(
    hub: Hub, place: Place, kind: str, when: str
) -> None:
    scene = Scene.begin(place)
    fault = {"kind": kind, "when": when, "method": "POST", "path": "/repos/*/comments", "count": 1}
    with hub.faults(fault), pytest.raises(Transient):
        scene.do(put(scene))
    scene.do(put(scene))
    assert len(said(scene)) == 1


def test_what_lists_do_not_show_yet_is_not_made_again(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place)
    scene.app = hub.app(spy.api)
    spy.answer(rf"GET .*/issues/{scene.issue}/comments$", 200, [])
    with scene.client() as client:
        scene.do(put(scene), client=client)
        scene.do(put(scene), put(scene, "New"), client=client)
    ((_, body),) = said(scene)
    assert body.startswith("New")


def test_a_comment_that_somebody_deleted_is_written_again(place: Place) -> None:
    scene = Scene.begin(place)
    scene.app = place.hub.app()
    scene.do(put(scene))
    (comment,) = place.by("admin", "GET", f"/issues/{scene.issue}/comments")
    place.by("admin", "DELETE", f"/issues/comments/{comment['id']}")
    with pytest.raises(Transient):
        scene.do(put(scene, "New"))
    scene.do(put(scene, "New"))
    assert [body.split("\n")[0] for _, body in said(scene)] == ["New"]


def test_threads_of_one_process_write_one(place: Place) -> None:
    scene, start = Scene.begin(place), Barrier(6)
    clients = [scene.client() for _ in range(6)]

    def write(number: int) -> None:
        start.wait()
        scene.do(put(scene), client=clients[number])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert len(said(scene)) == 1


def test_processes_that_write_at_once_are_left_with_one(hub: Hub, place: Place) -> None:
    scene, start = Scene.begin(place), Barrier(4)
    clients = [place.client(hub.app()) for _ in range(4)]
    for client in clients:
        client.get(".")
        client.git_token("issues")

    def write(number: int) -> None:
        start.wait()
        scene.do(put(scene), client=clients[number])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(said(scene)) == 1


def test_an_issue_that_is_gone_is_said_to_be(place: Place) -> None:
    scene = Scene.begin(place)
    with pytest.raises(NotFound):
        scene.do(PutComment(on=9_999, marker=scene.marker("dashboard"), body="x"))
