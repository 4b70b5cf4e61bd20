"""`genesis onboard`, as an operator runs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, inside
from tests.github.hub import Hub, Place, local_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with local_hub(tmp_path_factory.mktemp("onboard")) as running:
        yield running


@pytest.fixture
def place(hub: Hub) -> Iterator[Place]:
    app = hub.app()
    yield hub.place(app)
    app.close()


def onboard(hub: Hub, name: str, *more: str) -> Ran:
    app = hub.said["app"]
    env = {
        "GENESIS_GITHUB_APP_ID": str(app["id"]),
        "GENESIS_GITHUB_PRIVATE_KEY_FILE": app["private_key"],
        "GENESIS_GITHUB_PACE": "0",
    }
    return inside("onboard", name, "--owner", "acme", "--against", hub.said["url"], *more, env=env)


def test_it_opens_the_pull_request_and_says_what_is_next(hub: Hub, place: Place) -> None:
    ran = onboard(hub, place.full_name)
    assert ran.code == Exit.OK, ran.err
    (pull,) = place.by("admin", "GET", "/pulls")
    assert f"the pull request is open: {pull['html_url']}" in ran.out
    assert f"/{place.full_name}/new/genesis/onboarding?filename=" in pull["body"]
    assert "a link there opens it filled in" in ran.out
    assert max(map(len, ran.out.splitlines())) < 300, "the link is for browsers"
    assert f"genesis doctor {place.full_name}" in ran.out
    assert "private_key" not in ran.out


def test_for_machines_it_is_one_document(hub: Hub, place: Place) -> None:
    ran = onboard(hub, place.full_name, "--dry-run", "--json")
    assert ran.code == Exit.OK
    assert (ran.data["result"], ran.data["deeds"]) == ("proposed", ["branch", "open"])
    assert (ran.data["dry_run"], ran.data["pull"]) == (True, "")
    assert ran.data["workflow"]["missing"] is True
    assert place.by("admin", "GET", "/pulls") == []


def test_a_dry_run_does_not_call_open_what_is_not(hub: Hub, place: Place) -> None:
    ran = onboard(hub, place.full_name, "--dry-run")
    assert "would have opened the pull request" in ran.out
    assert "is open" not in ran.out


def test_a_closed_one_is_told_and_no_way_round_it_is_offered(hub: Hub, place: Place) -> None:
    onboard(hub, place.full_name)
    (pull,) = place.by("admin", "GET", "/pulls")
    place.by("writer", "PATCH", f"/pulls/{pull['number']}", {"state": "closed"})
    ran = onboard(hub, place.full_name)
    assert ran.code == Exit.OK
    assert "not opened again" in ran.out
    assert "Next:" not in ran.out


def test_where_there_is_no_pull_request_the_link_is_printed(hub: Hub, place: Place) -> None:
    place.commit("main", {".github/otp-genesis.yml": "run: manual\n"})
    ran = onboard(hub, place.full_name)
    assert f"/{place.full_name}/new/main?filename=" in ran.out


@pytest.mark.parametrize("name", ["acme", "a/b/c", "https://github.com/a/b", "../x", "-a/b"])
def test_what_is_no_repository_is_wrong_use(hub: Hub, name: str) -> None:
    app = hub.said["app"]
    env = {"GENESIS_GITHUB_APP_ID": str(app["id"])}
    ran = inside("onboard", "--owner", "acme", "--", name, env=env)
    assert ran.code == Exit.USAGE


def test_where_the_app_is_not_installed_it_says_what_leads_there(hub: Hub) -> None:
    ran = onboard(hub, "acme/nowhere")
    assert ran.code == Exit.UNUSABLE
    assert "genesis doctor acme/nowhere" in ran.err


def test_without_an_app_it_says_so() -> None:
    ran = inside("onboard", "acme/shop", "--owner", "acme")
    assert ran.code == Exit.UNUSABLE
    assert "no GitHub App is set up" in ran.err


def test_an_owner_that_cannot_be_one_changes_nothing(hub: Hub, place: Place) -> None:
    ran = onboard(hub, place.full_name, "--ref", "x y")
    assert ran.code == Exit.UNUSABLE
    assert place.by("admin", "GET", "/pulls") == []
