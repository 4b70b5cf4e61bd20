"""What is wrong with a repository, its Actions or a run: what a person reads, and what goes on.

One play for each; docs/troubleshooting.md quotes what is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.github.app_auth import App
from tests.e2e.app_support import QUICK_STAGE, STAGE_FILE
from tests.flows.react.bad_input import Bad, files
from tests.flows.react.told import says
from tests.github.hub import Hub, Place, local_hub
from tests.github.waiting import until

RETRY = "`/genesis retry stage 1` tries again, `/genesis skip 1` goes on without it."


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with local_hub(tmp_path_factory.mktemp("hub")) as found:
        yield found


@pytest.fixture(scope="module")
def app(hub: Hub) -> Iterator[App]:
    found = hub.app()
    yield found
    found.close()


@pytest.fixture
def place(hub: Hub, app: App) -> Place:
    return hub.place(app, files())


def goes_on(bad: Bad) -> None:
    """After a person's one step the stage comes to its pull request, green."""
    bad.say("/genesis retry stage 1")
    bad.comes_to("awaiting-review")
    assert bad.stage().reason == ""


def no_attempt_was_made(bad: Bad) -> None:
    assert bad.runs() == []
    assert bad.stage().failures == 0
    assert not bad.stage().flying


# The run cannot be started


def test_no_workflow_in_the_repository(hub: Hub, app: App, tmp_path: Path) -> None:
    place = hub.place(app, files(**{STAGE_FILE: None}))
    bad = Bad.approved(place, tmp_path)
    stage = bad.stage()
    assert (stage.status, stage.attempt) == ("approved", 0)
    assert says(bad.dashboard(), "no workflow of stages")
    no_attempt_was_made(bad)
    place.commit("main", {STAGE_FILE: QUICK_STAGE})
    bad.comes_to("awaiting-review")
    assert bad.stage().attempt == 1


def test_a_workflow_that_is_switched_off(place: Place, tmp_path: Path) -> None:
    where = "/actions/workflows/otp-genesis.yml"
    until(lambda: place.raw("admin", "GET", where).status_code == 200, "it is known")
    place.by("admin", "PUT", f"{where}/disable")
    bad = Bad.approved(place, tmp_path)
    assert bad.stage().status == "approved"
    assert says(bad.dashboard(), "the workflow is switched off")
    no_attempt_was_made(bad)
    place.by("admin", "PUT", f"{where}/enable")
    bad.comes_to("awaiting-review")


def test_actions_that_are_switched_off(place: Place, tmp_path: Path) -> None:
    place.by("admin", "PUT", "/actions/permissions", {"enabled": False})
    bad = Bad.approved(place, tmp_path)
    stage = bad.stage()
    assert stage.status == "needs-human"
    assert stage.reason == (
        "GitHub does not start its workflow run: 403 Actions has been disabled for this"
        " repository. An admin switches Actions on: Settings > Actions > General, of the"
        f" repository or of the organisation. {RETRY}"
    )
    assert stage.reason in bad.dashboard()
    assert says(bad.dashboard(), "Actions are switched off")
    no_attempt_was_made(bad)
    nothing_is_sent(bad)
    place.by("admin", "PUT", "/actions/permissions", {"enabled": True})
    goes_on(bad)


def test_a_dispatch_that_a_policy_refuses(hub: Hub, place: Place, tmp_path: Path) -> None:
    with hub.faults({"kind": "event_refused", "name": "workflow_dispatch"}):
        bad = Bad.approved(place, tmp_path)
        stage = bad.stage()
        assert stage.status == "needs-human"
        assert stage.reason == (
            "GitHub does not start its workflow run: 403 Event 'workflow_dispatch' is not allowed."
            " An admin allows this App and the event `workflow_dispatch` in the workflow execution"
            f" protections of the repository, the organisation or the enterprise. {RETRY}"
        )
        assert stage.reason in bad.dashboard()
        assert says(bad.dashboard(), "a policy forbids the start")
        no_attempt_was_made(bad)
        nothing_is_sent(bad)
    goes_on(bad)


def nothing_is_sent(bad: Bad) -> None:
    """Looks that find nothing new change nothing at GitHub."""
    before = bad.place.hub.now()
    for _ in range(3):
        bad.look()
    sent = [
        f"{e['method']} {e['path']}"
        for e in bad.place.hub.exchanges(before)
        if e["method"] != "GET" and not e["path"].endswith(("/access_tokens", "/graphql"))
    ]
    assert [what for what in sent if "git-upload-pack" not in what] == []


# Permissions


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("actions",), "- `actions: write`"),
        (("checks", "statuses"), "- `checks: write`\n- `statuses: read`"),
        (("contents",), "- `contents: write`"),
        (("pull_requests",), "- `pull_requests: write`"),
    ],
)
def test_permissions_that_are_lacking(
    hub: Hub, app: App, tmp_path: Path, names: tuple[str, ...], told: str
) -> None:
    place = hub.place(app, files())
    hub.control("PUT", "/withheld", {"account": "acme", "permissions": list(names)})
    try:
        bad = Bad.labelled(place, tmp_path)
        bad.look()
        (said,) = bad.comments()
        assert says(said, "the App lacks permissions")
        assert told in said
        assert f"{hub.said['url']}/organizations/acme/settings/installations/" in said
        assert "no attempt is counted" in said
        nothing_is_sent(bad)
    finally:
        hub.control("PUT", "/withheld", {"account": "acme", "permissions": []})
    bad.look()
    board, said = sorted(bad.comments())
    assert "kind=dashboard" in board
    assert said.startswith("The App has all its permissions again, and goes on.")
    assert "`/genesis approve` runs all stages in order" in board


def test_a_permission_that_is_taken_while_a_stage_waits(
    hub: Hub, app: App, place: Place, tmp_path: Path
) -> None:
    bad = Bad.labelled(place, tmp_path)
    bad.look()
    hub.control("PUT", "/withheld", {"account": "acme", "permissions": ["actions"]})
    try:
        # What this process knows of the rights is a moment old: GitHub's refusal comes first.
        bad.say("/genesis approve stage 1")
        assert [told for told in bad.comments() if "- `actions: write`" in told] != []
        nothing_is_sent(bad)
    finally:
        hub.control("PUT", "/withheld", {"account": "acme", "permissions": []})
    bad.look()
    assert says(bad.dashboard(), "a permission was taken away meanwhile")
    no_attempt_was_made(bad)
    goes_on(bad)


def test_who_may_not_even_comment_tells_the_log(
    hub: Hub, app: App, place: Place, tmp_path: Path
) -> None:
    hub.control("PUT", "/withheld", {"account": "acme", "permissions": ["issues"]})
    try:
        bad = Bad.labelled(place, tmp_path)
        with pytest.raises(Exception, match="403 Resource not accessible by integration"):
            bad.look()
    finally:
        hub.control("PUT", "/withheld", {"account": "acme", "permissions": []})
    assert bad.comments() == []
    bad.look()
    assert "kind=dashboard" in bad.dashboard()
