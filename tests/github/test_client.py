"""Calls: what is tried again, what is not, what is waited for, and what is never followed."""

from __future__ import annotations

import json
import time

import pytest

from bot.errors import Refused, Unreachable
from bot.github.app_auth import App
from bot.github.client import Client
from bot.github.errors import NotFound, RateLimited, Rejected, Unsupported
from bot.github.pacing import Pace
from tests.github.between import Between
from tests.github.hub import Hub, Place


def titles(place: Place) -> list[str]:
    return [issue["title"] for issue in place.by("admin", "GET", "/issues", None, state="all")]


def test_every_page_of_a_list_is_read(place: Place) -> None:
    for number in range(103):
        place.by("writer", "POST", "/labels", {"name": f"l-{number:03}", "color": "ededed"})
    with place.client() as client:
        found = [label["name"] for label in client.pages("./labels")]
    assert len(set(found)) == len(found)
    assert {f"l-{number:03}" for number in range(103)} <= set(found)


def test_a_page_on_another_host_is_refused(hub: Hub, place: Place, spy: Between) -> None:
    elsewhere = "http://127.0.0.1:1/api/v3/repos/a/b/labels?page=2"
    spy.headers["link"] = f'<{elsewhere}>; rel="next"'
    with pytest.raises(Refused, match="another host"):
        list(place.client(hub.app(spy.api)).pages("./labels"))


def test_a_redirect_to_another_host_is_refused(hub: Hub, place: Place, spy: Between) -> None:
    client = place.client(hub.app(spy.api))
    client.get(".")
    spy.instead = lambda method, path, body: (302, {})
    spy.headers["location"] = f"{hub.said['api']}/repos/{place.full_name}"
    spy.clear()
    with pytest.raises(Refused, match="another host"):
        client.get(".")
    assert len(spy.calls) == 1


@pytest.mark.parametrize(
    "fault", [{"kind": "error"}, {"kind": "cut"}, {"kind": "error", "when": "after"}]
)
def test_reading_survives_a_server_in_trouble(
    hub: Hub, place: Place, fault: dict[str, object]
) -> None:
    client = place.client()
    client.get(".")
    with hub.faults({**fault, "count": 2}):
        assert client.get(".")["full_name"] == place.full_name


def test_trouble_without_an_end_is_transient(hub: Hub, place: Place) -> None:
    client = place.client()
    client.get(".")
    with hub.faults({"kind": "error"}), pytest.raises(Unreachable):
        client.get(".")


@pytest.mark.parametrize("kind", ["error", "cut"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_creation_is_sent_once_whatever_becomes_of_it(
    hub: Hub, place: Place, kind: str, when: str
) -> None:
    client = place.client()
    with (
        hub.faults({"kind": kind, "when": when, "method": "POST", "path": "/repos/*/issues"}),
        pytest.raises(Unreachable),
    ):
        client.post("issues", "./issues", {"title": "One"})
    assert titles(place) == (["One"] if when == "after" else [])


def test_a_short_rest_is_taken_at_once(hub: Hub, place: Place) -> None:
    client = place.client()
    client.get(".")
    began = time.monotonic()
    with hub.faults({"kind": "secondary_limit", "count": 1, "seconds": 1}):
        assert client.get(".")["full_name"] == place.full_name
    assert time.monotonic() - began >= 1.0


def test_a_long_rest_is_for_all_of_the_installation(hub: Hub, place: Place, app: App) -> None:
    now = [0.0]
    pace = Pace(0, (), clock=lambda: now[0])
    one = Client(app, place.installation, place.full_name, pace)
    two = Client(app, place.installation, place.full_name, pace)
    one.get(".")
    fault = {"kind": "secondary_limit", "count": 1, "seconds": 60, "path": "/repos/*/issues"}
    with hub.faults(fault):
        with pytest.raises(RateLimited) as caught:
            one.post("issues", "./issues", {"title": "Later"})
        assert caught.value.retry_after == 60
        seen = hub.now()
        with pytest.raises(RateLimited):
            two.get(".")
        assert hub.exchanges(seen) == []
        now[0] = 60.0
        two.post("issues", "./issues", {"title": "Later"})
    assert titles(place) == ["Later"]


def test_what_is_renamed_is_found_by_its_old_name(hub: Hub, app: App, place: Place) -> None:
    old, new = place.full_name, f"{place.full_name}-new"
    kept = place.client()
    kept.get(".")
    number = place.issue()
    place.by("admin", "PATCH", "", {"name": new.partition("/")[2]})
    # A token from before the renaming is good; the redirect is followed, also for a creation.
    assert kept.get(".")["full_name"] == new
    kept.post("issues", f"./issues/{number}/comments", {"body": "kept"})
    # Without one the name is asked for, as no token is made for a name that is gone.
    later = Client(hub.app(), app.installation_of(new), old, Pace(0, ()))
    later.post("issues", f"./issues/{number}/comments", {"body": "fresh"})
    assert later.full_name == new
    place.full_name = new
    said = place.by("admin", "GET", f"/issues/{number}/comments")
    assert [comment["body"] for comment in said] == ["kept", "fresh"]


def test_what_a_delivery_names_is_waited_for(hub: Hub, place: Place) -> None:
    with hub.faults({"kind": "absent", "seconds": 2, "path": "/repos/*/issues/*"}):
        number = place.issue()
        client = place.client()
        assert client.find(f"./issues/{number}") is None
        assert client.find_new(f"./issues/{number}")["number"] == number


def test_what_stays_away_is_believed_after_seven_seconds(place: Place) -> None:
    waited: list[float] = []
    client = place.client(sleep=waited.append)
    assert client.find_new("./issues/999") is None
    assert waited == [1.0, 2.0, 4.0]
    assert client.find_new("./issues/999") is None
    assert waited == [1.0, 2.0, 4.0]


def test_a_refusal_carries_githubs_words(place: Place) -> None:
    with pytest.raises(Rejected) as caught:
        place.client().post("issues", "./labels", {"name": "bug", "color": "ededed"})
    assert caught.value.status == 422
    assert "already_exists" in caught.value.details


def test_removing_what_is_gone_is_no_error(place: Place) -> None:
    place.client().delete("issues", "./labels/none")


def test_graphql_tells_a_missing_field_from_a_refusal(place: Place) -> None:
    client = place.client()
    with pytest.raises(Unsupported):
        client.query("query { viewer { noSuchField } }", {})
    with pytest.raises(NotFound):
        client.query("query($id: ID!) { node(id: $id) { id } }", {"id": "I_kwABC"})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "RATE_LIMITED", "message": "slow"}, RateLimited),
        (
            {"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}},
            Unsupported,
        ),
        ({"type": "UNPROCESSABLE", "message": "no"}, Rejected),
    ],
)
def test_graphql_says_200_also_where_something_is_wrong(
    hub: Hub, place: Place, spy: Between, error: dict[str, object], kind: type[Exception]
) -> None:
    client = place.client(hub.app(spy.api))
    client.get(".")
    spy.instead = lambda method, path, body: (200, {"data": None, "errors": [error]})
    with pytest.raises(kind):
        client.query("query { viewer { login } }", {})


def test_an_answer_that_is_no_json_is_no_answer(hub: Hub, place: Place, spy: Between) -> None:
    client = place.client(hub.app(spy.api))
    client.get(".")
    spy.raw = b"<html>proxy</html>"
    with pytest.raises(Unreachable, match="not JSON"):
        client.get("./labels")


def test_a_hostile_message_is_shown_on_one_short_line(hub: Hub, place: Place, spy: Between) -> None:
    client = place.client(hub.app(spy.api))
    client.get(".")
    hostile = "\x1b[31mno\n" * 5000
    spy.instead = lambda method, path, body: (
        422,
        {"message": hostile, "errors": [{"message": hostile}]},
    )
    with pytest.raises(Rejected) as caught:
        client.get(".")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)
    assert "\x1b" not in f"{caught.value} {caught.value.details}"
    assert json.dumps(caught.value.details)
