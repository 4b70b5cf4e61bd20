"""Answers kept by their ETag: the same is not sent again, what changed is never missed."""

from __future__ import annotations

import json

from bot.github.answers import LARGEST, Answers
from tests.github.between import Between
from tests.github.hub import Hub, Place
from tests.github.scenes import Scene


def test_what_is_the_same_is_not_sent_again(hub: Hub, place: Place, spy: Between) -> None:
    scene = Scene.begin(place, stages=2)
    scene.stage_issue(1)
    scene.ours(scene.issue, "Ours")
    scene.app = hub.app(spy.api)
    first = scene.facts()
    spy.clear()
    second = scene.facts()
    assert second.model_copy(update={"now": first.now}) == first
    # What is not there has no ETag.
    assert {call.status for call in spy.calls} == {304, 404}


def test_what_changed_is_seen_at_once(hub: Hub, place: Place) -> None:
    scene = Scene.begin(place)
    scene.app = hub.app()
    for title in ("One", "Two", "One"):
        place.by("writer", "PATCH", f"/issues/{scene.issue}", {"title": title})
        issue = scene.facts().issue
        assert issue is not None
        assert issue.title == title


def test_lists_of_many_pages_are_kept_whole(hub: Hub, place: Place, spy: Between) -> None:
    for number in range(103):
        place.by("writer", "POST", "/labels", {"name": f"l-{number:03}", "color": "ededed"})
    client = place.client(hub.app(spy.api))
    first = list(client.pages("./labels"))
    spy.clear()
    assert list(client.pages("./labels")) == first
    assert [call.status for call in spy.calls] == [304, 304]
    place.by("writer", "DELETE", "/labels/l-102")
    assert len(list(client.pages("./labels"))) == len(first) - 1


def test_nobody_changes_what_is_kept(hub: Hub, place: Place) -> None:
    client = place.client(hub.app())
    client.get(".")["full_name"] = "changed"
    client.get(".")["full_name"] = "changed"
    assert client.get(".")["full_name"] == place.full_name


def test_who_may_not_see_it_any_more_does_not(hub: Hub, place: Place) -> None:
    scene = Scene.begin(place)
    scene.app = hub.app()
    with scene.client() as client:
        assert scene.facts(client).issue is not None
        place.by("admin", "DELETE", "")
        assert scene.facts(client).issue is None


def test_as_many_are_kept_as_there_is_room_for() -> None:
    answers = Answers(20_000)
    for number in range(1_000):
        answers.put(number, f'"{number}"', json.dumps([number] * 50).encode(), None)
        assert answers.get(0) is not None, "what is asked for stays"
        if answers.get(number - 1) is None and number > 1:
            break
    kept = [n for n in range(1_000) if answers.get(n) is not None]
    assert 0 in kept
    assert sum(len(found.packed) for n in kept if (found := answers.get(n))) <= 20_000
    answers.put(0, '"new"', b"[1]", None)
    found = answers.get(0)
    assert found is not None
    assert (found.etag, found.value()) == ('"new"', [1])


def test_without_an_etag_or_too_large_nothing_is_kept() -> None:
    answers = Answers(10**9)
    answers.put("a", "", b"[]", None)
    answers.put("b", '"x"', b"0" * (LARGEST + 1), None)
    assert answers.get("a") is None
    assert answers.get("b") is None
