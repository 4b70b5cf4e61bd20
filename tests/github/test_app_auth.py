"""Tokens: minted once, renewed in time, revoked, and never for more than they are for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from bot.github.app_auth import RENEWED_AFTER, App
from bot.github.client import Client
from bot.github.errors import NotAllowed, NotFound, NotGranted, Suspended
from bot.github.pacing import Pace
from bot.github.purposes import PERMISSIONS
from tests.github.between import Between
from tests.github.hub import Hub, Place

MINTING = "POST /app/installations/"


def minted(spy: Between) -> int:
    return sum(call.what.startswith(MINTING) for call in spy.calls)


def works(hub: Hub, place: Place, token: str) -> bool:
    asked = httpx.get(
        f"{hub.said['api']}/repos/{place.full_name}", headers={"authorization": f"Bearer {token}"}
    )
    return asked.status_code == 200


def test_a_herd_mints_one_token(hub: Hub, place: Place, spy: Between) -> None:
    app, installation, start = hub.app(spy.api), place.installation, Barrier(16)

    def ask(_: int) -> str:
        start.wait()
        return app.token(installation, place.full_name, "read")

    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(ask, range(16)))
    assert len(tokens) == 1
    assert minted(spy) == 1


def test_a_token_says_what_it_is_for_and_where(hub: Hub, place: Place, spy: Between) -> None:
    app = hub.app(spy.api)
    for purpose, permissions in PERMISSIONS.items():
        if purpose == "list":
            continue
        app.token(place.installation, place.full_name, purpose)
        asked = json.loads(spy.calls[-1].body)
        assert asked["permissions"] == permissions
        assert asked["repositories"] == [place.full_name.partition("/")[2]]


def test_only_a_list_of_names_is_for_all_of_an_installation(
    hub: Hub, place: Place, spy: Between
) -> None:
    app = hub.app(spy.api)
    app.token(place.installation, "", "list")
    assert json.loads(spy.calls[-1].body) == {"permissions": {"metadata": "read"}}
    for name in ("", "acme", "acme/"):
        with pytest.raises(NotFound):
            app.token(place.installation, name, "read")
    assert minted(spy) == 1


def test_a_token_of_45_minutes_is_renewed(hub: Hub, place: Place) -> None:
    now = [0.0]
    app = hub.app(clock=lambda: now[0])
    first = app.token(place.installation, place.full_name, "read")
    now[0] = RENEWED_AFTER
    assert app.token(place.installation, place.full_name, "read") == first
    now[0] = RENEWED_AFTER + 1
    second = app.token(place.installation, place.full_name, "read")
    assert second != first
    # What began with the first one may still be under way.
    assert works(hub, place, first)
    assert works(hub, place, second)
    app.close()


def test_tokens_are_revoked_at_the_end(hub: Hub, place: Place) -> None:
    app = hub.app()
    tokens = [app.token(place.installation, place.full_name, p) for p in ("read", "contents")]
    assert all(works(hub, place, token) for token in tokens)
    app.close()
    assert not any(works(hub, place, token) for token in tokens)
    app.close()


def test_an_expired_token_is_replaced_once_midway(hub: Hub, place: Place, spy: Between) -> None:
    client = place.client(hub.app(spy.api))
    client.get(".")
    with hub.faults({"kind": "token_expired", "count": 1}):
        client.post("issues", "./issues", {"title": "Once"})
    assert [i["title"] for i in place.by("admin", "GET", "/issues")] == ["Once"]
    assert minted(spy) == 3  # read, issues, issues anew


def test_a_token_that_is_never_taken_is_no_endless_loop(hub: Hub, place: Place) -> None:
    client = place.client(hub.app())
    with hub.faults({"kind": "token_expired"}), pytest.raises(NotAllowed) as caught:
        client.get(".")
    assert caught.value.status == 401


def test_the_repository_of_another_installation_is_never_reached(
    hub: Hub, app: App, place: Place, spy: Between
) -> None:
    theirs = Client(hub.app(spy.api), place.installation, "other/site", Pace(0, ()))
    for act in (
        lambda: theirs.get("."),
        lambda: theirs.post("issues", "./issues", {"title": "No"}),
        lambda: theirs.git_token("contents"),
    ):
        with pytest.raises(NotFound):
            act()
    assert [i["title"] for i in hub.hand("admin").get("/repos/other/site/issues").json()] == []
    # It asks what the repository is called now, with a token that may read names only.
    reached = [call for call in spy.calls if "/repos/other/site" in call.path]
    assert {str(call.permissions) for call in reached} == {"{'metadata': 'read'}"}
    assert {call.method for call in reached} == {"GET"}


def test_rights_that_were_not_granted_are_named(hub: Hub, place: Place, spy: Between) -> None:
    words = "The permissions requested are not granted to this installation."
    spy.instead = lambda method, path, body: (
        (422, {"message": words}) if "access_tokens" in path else None
    )
    with pytest.raises(NotAllowed, match="not granted") as caught:
        hub.app(spy.api).token(place.installation, place.full_name, "checks")
    assert "docs/permissions.md" in caught.value.hint


def test_a_suspended_installation_says_so_and_comes_back(hub: Hub) -> None:
    app = hub.app()
    installation = app.installation_of("other/site")
    client = Client(app, installation, "other/site", Pace(0, ()))
    client.get(".")
    where = f"/app/installations/{installation}/suspended"
    hub.as_app("PUT", where)
    try:
        with pytest.raises(Suspended):
            client.get(".")
        with pytest.raises(Suspended):
            hub.app().token(installation, "other/site", "issues")
    finally:
        hub.as_app("DELETE", where)
    assert client.get(".")["full_name"] == "other/site"


def test_what_is_lacking_is_named_and_the_rest_can_be_read(hub: Hub, app: App) -> None:
    place = hub.place(app, owner="other")
    ours, installation = hub.app(), place.installation
    assert ours.lacking(installation) is None
    with hub.withheld("actions", "statuses", account="other"):
        fresh = hub.app()
        found = fresh.lacking(installation)
        assert found is not None
        assert found.permissions == ("actions: write", "statuses: read")
        assert found.page.endswith(f"/settings/installations/{installation}")
        with place.client(fresh) as client:
            assert client.get("./issues") == []
            with pytest.raises(NotAllowed):
                client.get("./actions/workflows")
            with pytest.raises(NotGranted):
                client.post("actions", "./actions/runs/1/cancel", {}, creates=False)
    assert fresh.lacking(installation) is None
    with place.client(fresh) as client:
        assert client.get("./actions/workflows")["total_count"] == 0
    for each in (ours, fresh):
        each.close()


def test_an_installation_that_is_gone_lacks_nothing_we_know_of(app: App) -> None:
    assert app.lacking(987_654) is None
