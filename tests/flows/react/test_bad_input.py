"""What is wrong with a repository, its Actions or a run: what a person reads, and what goes on.

One play for each; docs/troubleshooting.md quotes what is read here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.github.app_auth import App
from bot.github.errors import NotAllowed
from tests.e2e.app_support import QUICK_STAGE, STAGE_FILE
from tests.flows.react.bad_input import RETRY, Bad, files
from tests.flows.react.told import says
from tests.github.hub import Hub, Place
from tests.github.waiting import until


@pytest.fixture
def place(hub: Hub, app: App) -> Place:
    return hub.place(app, files())


def no_attempt_was_made(bad: Bad) -> None:
    assert bad.runs() == []
    assert bad.stage().failures == 0
    assert not bad.stage().flying


def the_start_is_refused(bad: Bad, case: str, why: str) -> None:
    """A person is asked, once, and told why."""
    stage = bad.stage()
    assert stage.status == "needs-human"
    assert stage.reason == f"GitHub does not start its workflow run: 403 {why} {RETRY}"
    assert stage.reason in bad.dashboard()
    assert says(bad.dashboard(), case)
    no_attempt_was_made(bad)
    nothing_is_sent(bad)


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
    the_start_is_refused(
        bad,
        "Actions are switched off",
        "Actions has been disabled for this repository. An admin switches Actions on: Settings >"
        " Actions > General, of the repository or of the organisation.",
    )
    place.by("admin", "PUT", "/actions/permissions", {"enabled": True})
    bad.goes_on()


def test_a_dispatch_that_a_policy_refuses(hub: Hub, place: Place, tmp_path: Path) -> None:
    with hub.faults({"kind": "event_refused", "name": "workflow_dispatch"}):
        bad = Bad.approved(place, tmp_path)
        the_start_is_refused(
            bad,
            "a policy forbids the start",
            "Event 'workflow_dispatch' is not allowed. An admin allows this App and the event"
            " `workflow_dispatch` in the workflow execution protections of the repository, the"
            " organisation or the enterprise.",
        )
    bad.goes_on()


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
    hub: Hub, place: Place, tmp_path: Path, names: tuple[str, ...], told: str
) -> None:
    with hub.withheld(*names):
        bad = Bad.labelled(place, tmp_path)
        bad.look()
        (said,) = bad.comments()
        assert says(said, "the App lacks permissions")
        assert told in said
        assert f"{hub.said['url']}/organizations/acme/settings/installations/" in said
        assert "no attempt is counted" in said
        nothing_is_sent(bad)
    bad.look()
    board, said = sorted(bad.comments())
    assert "kind=dashboard" in board
    assert said.startswith("The App has all its permissions again, and goes on.")
    assert "`/genesis approve` runs all stages in order" in board


def test_a_permission_that_is_taken_while_a_stage_waits(
    hub: Hub, place: Place, tmp_path: Path
) -> None:
    bad = Bad.labelled(place, tmp_path)
    bad.look()
    with hub.withheld("actions"):
        # What this process knows of the rights is a moment old: GitHub's refusal comes first.
        bad.say("/genesis approve stage 1")
        assert [told for told in bad.comments() if "- `actions: write`" in told] != []
        nothing_is_sent(bad)
    bad.look()
    assert says(bad.dashboard(), "a permission was taken away meanwhile")
    no_attempt_was_made(bad)
    bad.goes_on()


def test_where_it_may_not_even_comment_the_look_fails_with_githubs_words(
    hub: Hub, place: Place, tmp_path: Path
) -> None:
    with hub.withheld("issues"):
        bad = Bad.labelled(place, tmp_path)
        with pytest.raises(NotAllowed, match="403 Resource not accessible by integration"):
            bad.look()
    assert bad.comments() == []
    bad.look()
    assert "kind=dashboard" in bad.dashboard()
