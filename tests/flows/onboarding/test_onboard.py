"""The onboarding pull request on a local GitHub: from a bare repository to one that is set up."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.config import CONFIG_PATH
from bot.errors import Refused, Transient
from bot.flows.onboarding.configuration import configuration_text
from bot.flows.onboarding.onboard import Onboarded, Source, onboard
from bot.flows.onboarding.proposal import BRANCH
from bot.flows.stage_run.caller import caller_workflow
from bot.github.app_auth import App
from bot.github.doing.context import Here
from tests.github.hub import OURSELVES, Hub, Place

WORKFLOW = ".github/workflows/otp-genesis.yml"
CALLER = caller_workflow(owner="acme", ref="main", version=version("otp-genesis"))


def run(place: Place, *, dry: bool = False, ref: str = "main") -> Onboarded:
    # A process of its own each time: nothing is remembered from the last one.
    app = place.hub.app()
    try:
        with place.client(app) as client:
            here = Here(client, OURSELVES, app.app_id)
            return onboard(here, Source("acme", ref), dry=dry)
    finally:
        app.close()


def pulls(place: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.by("admin", "GET", "/pulls", None, state="all")
    return found


def changed(place: Place, number: int) -> set[str]:
    return {f["filename"] for f in place.by("admin", "GET", f"/pulls/{number}/files")}


def test_a_bare_repository_gets_one_pull_request_with_the_configuration_alone(
    place: Place,
) -> None:
    before = place.tip("main")
    done = run(place)
    assert (done.result, done.deeds, done.missing) == ("proposed", ("branch", "open"), True)
    (pull,) = pulls(place)
    assert (pull["user"]["login"], pull["head"]["ref"], pull["draft"]) == (OURSELVES, BRANCH, False)
    assert changed(place, pull["number"]) == {CONFIG_PATH}
    assert place.read(CONFIG_PATH, BRANCH) == configuration_text()
    assert done.pull == pull["html_url"]
    assert done.link in pull["body"]
    assert place.tip("main") == before
    labels = {label["name"] for label in place.by("admin", "GET", "/labels")}
    assert "otp-refactor" in labels


def test_again_it_changes_nothing(place: Place) -> None:
    run(place)
    tip, (pull,) = place.tip(BRANCH), pulls(place)
    before = place.hub.now()
    assert run(place).deeds == ()
    assert place.tip(BRANCH) == tip
    assert pulls(place) == [pull]
    writes = {e["method"] for e in place.hub.exchanges(before)} - {"GET"}
    assert writes <= {"POST", "DELETE"}  # tokens, which come and go
    posted = [e["path"] for e in place.hub.exchanges(before) if e["method"] == "POST"]
    assert all(path.endswith("/access_tokens") for path in posted)


def test_a_person_adds_the_workflow_by_what_the_link_holds_and_it_is_complete(
    place: Place,
) -> None:
    done = run(place)
    query = parse_qs(urlsplit(done.link).query)
    (path,), (text,) = query["filename"], query["value"]
    assert urlsplit(done.link).path.endswith(f"/new/{BRANCH}")
    place.commit(BRANCH, {path: text})
    told = run(place)
    assert (told.result, told.deeds, told.link) == ("proposed", ("edit",), "")
    (pull,) = pulls(place)
    assert "this branch has it" in pull["body"]
    assert changed(place, pull["number"]) == {CONFIG_PATH, WORKFLOW}
    place.by("maintainer", "PUT", f"/pulls/{pull['number']}/merge", {})
    last = run(place)
    assert (last.result, last.deeds, last.missing) == ("complete", (), False)
    assert place.read(WORKFLOW) == CALLER
    assert len(pulls(place)) == 1


def test_our_app_cannot_add_the_workflow_itself(place: Place) -> None:
    """Why a person has to: GitHub refuses it, also on a branch."""
    run(place)
    body = {"message": "m", "content": "eA==", "branch": BRANCH}
    answer = place.raw(OURSELVES, "PUT", f"/contents/{WORKFLOW}", body)
    assert answer.status_code == 403


def test_a_closed_one_stays_closed(place: Place) -> None:
    run(place)
    (pull,) = pulls(place)
    place.by("writer", "PATCH", f"/pulls/{pull['number']}", {"state": "closed"})
    place.by("writer", "DELETE", f"/git/refs/heads/{BRANCH}")
    done = run(place)
    assert (done.result, done.deeds) == ("declined", ())
    assert [p["state"] for p in pulls(place)] == ["closed"]
    assert place.tip(BRANCH) == ""


def test_a_newer_configuration_comes_on_top_of_ours(place: Place) -> None:
    place.commit(BRANCH, {CONFIG_PATH: "# an older one\n"}, login=OURSELVES)
    older = place.tip(BRANCH)
    assert run(place).deeds == ("commit", "open")
    assert place.read(CONFIG_PATH, BRANCH) == configuration_text()
    parents = place.by("admin", "GET", f"/commits/{BRANCH}")["parents"]
    assert [parent["sha"] for parent in parents] == [older]


def test_what_a_person_committed_there_is_not_written_over(place: Place) -> None:
    run(place)
    mine = place.commit(BRANCH, {CONFIG_PATH: "run: manual\n"})
    done = run(place, ref="v2")
    assert done.deeds == ("edit",)
    assert place.tip(BRANCH) == mine
    assert place.read(CONFIG_PATH, BRANCH) == "run: manual\n"


def test_a_branch_that_somebody_else_made_is_left_alone(place: Place) -> None:
    theirs = place.commit(BRANCH, {"notes.md": "mine\n"})
    done = run(place)
    assert (done.result, done.deeds) == ("taken", ())
    assert place.tip(BRANCH) == theirs
    assert pulls(place) == []


def test_what_people_wrote_into_the_body_stays_while_it_is_true(place: Place) -> None:
    run(place)
    (pull,) = pulls(place)
    text = f"Please look, @maintainer.\n\n{pull['body']}"
    place.by("writer", "PATCH", f"/pulls/{pull['number']}", {"body": text, "title": "Bot?"})
    assert run(place).deeds == ()
    (pull,) = pulls(place)
    assert (pull["body"], pull["title"]) == (text, "Bot?")
    assert run(place, ref="v2").deeds == ("edit",)
    (pull,) = pulls(place)
    assert ("@v2" in pull["body"] or "--ref v2" in pull["body"], pull["title"]) == (True, "Bot?")


def test_somebody_elses_pull_request_from_our_branch_is_not_taken_for_ours(place: Place) -> None:
    run(place)
    (pull,) = pulls(place)
    place.by("writer", "PATCH", f"/pulls/{pull['number']}", {"state": "closed"})
    body = {"title": "Mine", "head": BRANCH, "base": "main", "body": pull["body"]}
    place.by("writer", "POST", "/pulls", body)
    assert run(place).result == "declined"
    assert len(pulls(place)) == 2


def test_with_a_configuration_only_the_link_is_left(place: Place) -> None:
    place.commit("main", {CONFIG_PATH: "workflow: stages.yml\n"})
    done = run(place)
    assert (done.result, done.deeds, done.pull) == ("by-hand", (), "")
    assert done.workflow == ".github/workflows/stages.yml"
    assert urlsplit(done.link).path.endswith("/new/main")
    assert pulls(place) == []


def test_an_old_workflow_is_told_with_what_replaces_it(place: Place) -> None:
    text = CALLER.replace(version("otp-genesis"), "0.0.1")
    place.commit("main", {CONFIG_PATH: "", WORKFLOW: text})
    done = run(place)
    assert (done.result, done.missing, done.link) == ("by-hand", True, "")
    assert "--owner acme" in done.command


def test_a_dry_run_says_the_same_and_writes_nothing(place: Place) -> None:
    before = place.hub.now()
    done = run(place, dry=True)
    assert done.deeds == ("branch", "open")
    assert pulls(place) == []
    assert place.tip(BRANCH) == ""
    wrote = {e["path"] for e in place.hub.exchanges(before) if e["method"] not in ("GET",)}
    assert {path.rpartition("/")[2] for path in wrote} <= {"access_tokens", "token"}


def test_a_rule_against_the_branch_is_told(place: Place) -> None:
    ruleset = {
        "name": "closed",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["refs/heads/genesis/**"], "exclude": []}},
        "rules": [{"type": "creation"}],
    }
    place.by("admin", "POST", "/rulesets", ruleset)
    with pytest.raises(Refused, match="does not take the branch") as caught:
        run(place)
    assert "genesis doctor" in caught.value.hint
    assert pulls(place) == []


def test_a_broken_configuration_has_to_be_mended_first(place: Place) -> None:
    place.commit("main", {CONFIG_PATH: "labl: x\n"})
    with pytest.raises(Refused, match="labl"):
        run(place)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", ["*/git/trees", "*/git/commits", "*/git/refs", "*/pulls"])
def test_what_was_cut_off_is_taken_up_and_there_is_one(place: Place, path: str, when: str) -> None:
    fault = {"kind": "cut", "method": "POST", "path": path, "when": when, "count": 1}
    with place.hub.faults(fault), pytest.raises(Transient):
        run(place)
    assert run(place).result == "proposed"
    assert run(place).deeds == ()
    (pull,) = pulls(place)
    assert changed(place, pull["number"]) == {CONFIG_PATH}
    assert place.by("admin", "GET", f"/pulls/{pull['number']}")["commits"] == 1


def test_an_empty_repository_is_told(hub: Hub, app: App) -> None:
    body = {"name": "hollow", "private": True}
    assert hub.hand("admin").post("/orgs/acme/repos", json=body).status_code == 201
    with pytest.raises(Refused, match="is empty"):
        run(Place(hub, app, "acme/hollow"))
