"""Issues, repositories and records that go away or are meddled with: the whole App."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx
import pytest

from tests.e2e.app_support import LABEL, STAGE_FILE, Plan, Running, kiosk, until
from tests.github.hub import OURSELVES, Place

pytestmark = pytest.mark.xdist_group("app_places")

CONFIG = ".github/otp-genesis.yml"


@pytest.fixture(scope="module")
def place(app: Running) -> Place:
    return app.place()


def waiting(place: Place, plan: Plan, status: str) -> None:
    """Until the plan stands so in its record."""
    until(f"the plan is {status}", lambda: plan.life()["status"] == status)


# Issues


def test_an_issue_that_is_deleted_orphans_its_plan_and_nothing_else(
    app: Running, place: Place
) -> None:
    plan, other = app.plan(place), app.plan(place)
    stages = plan.stages()
    before = app.hub.now()
    _delete(app, plan)
    waiting(place, plan, "orphaned")
    # A comment that was under way, and what is told of a transfer, find nothing to act upon.
    for action in ("transferred", "deleted", "labeled", "closed"):
        body = {
            "action": action,
            "installation": {"id": place.installation},
            "repository": {"full_name": place.full_name, "default_branch": "main"},
            "issue": {"number": plan.number, "body": ""},
            "label": {"name": LABEL},
            "sender": {"login": "writer", "type": "User"},
        }
        assert app.send("issues", body) == 202
    other.go_on()
    assert [w for w in app.writes(before, place.full_name) if _about(w, plan, stages)] == []
    assert plan.life()["status"] == "orphaned"


def _about(write: Mapping[str, Any], plan: Plan, stages: list[dict[str, Any]]) -> bool:
    numbers = {plan.number, *(stage["number"] for stage in stages)}
    return any(f"/issues/{number}" in write["path"] for number in numbers)


def _delete(app: Running, plan: Plan) -> None:
    """By its page: REST cannot."""
    base = app.hub.said["url"]
    url = f"{base}/{plan.place.full_name}/issues/{plan.number}/delete"
    assert httpx.post(url, headers={"origin": base}, trust_env=False).status_code == 303


def test_nothing_is_written_in_a_locked_conversation(app: Running, place: Place) -> None:
    plan = app.plan(place)
    where = f"/issues/{plan.number}/lock"
    place.by("maintainer", "PUT", where)
    waiting(place, plan, "paused")
    before = app.hub.now()
    comment = place.say(plan.number, "/genesis approve", "maintainer")
    app.plan(place)
    assert plan.answer(comment) == ""
    assert [w for w in app.writes(before) if f"/issues/{plan.number}/" in w["path"]] == []
    place.by("maintainer", "DELETE", where)
    # What was said in it counts once it is open again.
    until("an answer", lambda: plan.answer(comment))


def test_a_closed_issue_holds_its_plan_until_it_is_open_again(app: Running, place: Place) -> None:
    plan = app.plan(place)
    place.by("writer", "PATCH", f"/issues/{plan.number}", {"state": "closed"})
    waiting(place, plan, "cancelled")
    assert "Not now" in plan.say("/genesis approve")
    assert plan.runs() == []
    assert place.by("admin", "GET", f"/issues/{plan.number}")["state"] == "closed"
    place.by("writer", "PATCH", f"/issues/{plan.number}", {"state": "open"})
    waiting(place, plan, "open")
    plan.go_on()


def test_the_label_off_stops_and_on_again_goes_on(app: Running, place: Place) -> None:
    plan = app.plan(place)
    where = f"/issues/{plan.number}/labels"
    for _ in range(2):
        place.by("triager", "DELETE", f"{where}/{LABEL}")
        waiting(place, plan, "paused")
        place.by("triager", "POST", where, {"labels": [LABEL]})
        waiting(place, plan, "open")
    plan.go_on()
    plan.check_single()
    assert len(plan.stages()) == 2


# Repositories and installations


def test_an_archived_repository_is_left_alone_until_it_is_not(app: Running) -> None:
    place = app.place()
    plan = app.plan(place)
    before = app.hub.now()
    place.by("admin", "PATCH", "", {"archived": True})
    app.plan(app.place())
    assert app.writes(before, place.full_name) == []
    place.by("admin", "PATCH", "", {"archived": False})
    plan.go_on()


def test_a_renamed_repository_is_followed(app: Running) -> None:
    place = app.place()
    plan = app.plan(place)
    name = place.full_name + "-renamed"
    place.by("admin", "PATCH", "", {"name": name.partition("/")[2]})
    place.full_name = name
    plan.go_on()
    until("it is known by its name", lambda: plan.life()["repository"] == name)
    plan.check_single()


@pytest.mark.parametrize("turn", ["suspend", "uninstall"])
def test_an_app_that_is_taken_away_and_given_back_goes_on(app: Running, turn: str) -> None:
    place = app.place(owner="elsewhere")
    plan = app.plan(place)
    installation = place.installation
    before = app.hub.now()
    _page(app, f"/_simulator/installations/{installation}", turn=turn)
    comment = place.say(plan.number, "/genesis cost")
    app.plan(app.place())
    assert plan.answer(comment) == ""
    assert [w for w in app.writes(before, place.full_name) if w["status"] < 400] == []
    if turn == "suspend":
        _page(app, f"/_simulator/installations/{installation}", turn="unsuspend")
    else:
        _page(app, "/apps/otp-genesis/installations/new", account="elsewhere")
    until("the question is answered", lambda: plan.answer(comment))
    plan.go_on()
    plan.check_single()


def _page(app: Running, path: str, **form: str) -> None:
    base = app.hub.said["url"]
    headers = {"origin": base}
    answer = httpx.post(base + path, data=form, headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 303, answer.text


# Branches


def test_a_branch_whose_name_is_a_shell_command_is_a_name(app: Running) -> None:
    place = app.place()
    branch = "topic;touch${IFS}pwned;$(touch${IFS}pwned)`id`"
    place.commit(branch, {"README.md": "Shell\n"})
    place.by("admin", "PATCH", "", {"default_branch": branch})
    plan = app.plan(place)
    assert plan.life()["base_branch"] == branch
    plan.say("/genesis approve")
    (pull,) = until("the pull request", lambda: plan.pulls())
    assert pull["base"]["ref"] == branch
    plan.go_on()


def test_a_base_branch_that_is_no_name_stops_the_bot(app: Running) -> None:
    bases = ("$(touch pwned)", "--upload-pack=touch pwned", "../../etc", "a b", "x\ny")
    config = [f"base: {json.dumps(base)}\n" for base in bases]
    places = [app.place(kiosk(**{".github__otp-genesis.yml": text})) for text in config]
    _stopped(app, *places)


# The configuration


def test_a_broken_configuration_changes_nothing_until_it_is_mended(app: Running) -> None:
    place = app.place()
    plan = app.plan(place)
    place.commit("main", {CONFIG: "run: auto\nrun: manual\nlimit: [\n"}, "maintainer")
    waiting(place, plan, "open")
    comment = place.say(plan.number, "/genesis approve")
    _stopped(app, place, issue=False)
    assert plan.answer(comment) == ""
    assert plan.runs() == []
    place.commit("main", {CONFIG: "run: nonsense\n"}, "maintainer")
    _stopped(app, place, issue=False)
    place.commit("main", {CONFIG: "stages: [2]\n"}, "maintainer")
    until("an answer", lambda: plan.answer(comment))
    plan.go_on()
    assert plan.runs() == []


def _told(place: Place) -> list[str]:
    """Issues of ours about the configuration."""
    listed = place.by("admin", "GET", "/issues?state=all&per_page=100")
    mine = [issue for issue in listed if issue["user"]["login"] == OURSELVES]
    return [i["title"] for i in mine if not i["title"].startswith(("Stage", "OTP stage"))]


def _is_told(place: Place) -> bool:
    return len(_told(place)) == 1


def _stopped(app: Running, *places: Place, issue: bool = True) -> None:
    """A labelled issue gets no plan there, and it is told why."""
    before = app.hub.now()
    for place in places if issue else ():
        number = place.issue()
        place.by("writer", "POST", f"/issues/{number}/labels", {"labels": [LABEL]})
    app.plan(app.place())
    for place in places:
        until("it is told", partial(_is_told, place))
        for write in app.writes(before, place.full_name):
            assert not write["path"].endswith(("/dispatches", "/pulls", "/sub_issues"))
        runs = place.by("admin", "GET", "/actions/runs?event=workflow_dispatch")
        assert runs["total_count"] == 0


# The record


def test_a_record_that_was_deleted_or_forced_is_put_back(app: Running, place: Place) -> None:
    plan = app.plan(place)
    ref = f"/git/refs/genesis/plan-{plan.number}"
    tip = plan.get(f"/git/ref/genesis/plan-{plan.number}")["object"]["sha"]
    place.by("writer", "DELETE", ref)
    plan.go_on()
    now = plan.get(f"/git/ref/genesis/plan-{plan.number}")["object"]["sha"]
    assert _descends(place, tip, now)
    place.by("writer", "PATCH", ref, {"sha": place.tip("main"), "force": True})
    plan.go_on()
    later = plan.get(f"/git/ref/genesis/plan-{plan.number}")["object"]["sha"]
    assert _descends(place, now, later)
    plan.check_single()


def _descends(place: Place, older: str, newer: str) -> bool:
    found = place.by("admin", "GET", f"/compare/{older}...{newer}")
    return bool(found["status"] in ("ahead", "identical"))


def test_an_approval_that_was_forged_in_the_record_is_not_believed(app: Running) -> None:
    files = kiosk(**{".github__otp-genesis.yml": "permissions: {approve: admin}\n"})
    place = app.place(files)
    plan = app.plan(place)
    old = place.say(plan.number, "A fine plan.", "admin")
    plan.go_on()
    for source, number in (("comment", 999_999), ("comment", old), ("tick", 0), ("policy", 0)):
        life = plan.life()
        life["stages"][0] |= {
            "status": "approved",
            "approved": {"actor": "admin", "source": source, "id": number},
        }
        _forge(plan, {"lifecycle.json": json.dumps(life)})
        plan.go_on()
        assert plan.runs() == [], (source, number)
    plan.check_single()


@pytest.mark.parametrize("text", ["{}", "no JSON", "[" * 50_000], ids=["empty", "none", "deep"])
def test_a_record_that_somebody_spoiled_is_put_back(app: Running, place: Place, text: str) -> None:
    plan = app.plan(place)
    good = plan.life()
    _forge(plan, {"lifecycle.json": text})
    plan.go_on()
    assert plan.life()["stages"] == good["stages"]


def _forge(plan: Plan, files: Mapping[str, str]) -> None:
    """A commit on top of the record, by somebody who may push."""
    place, name = plan.place, f"genesis/plan-{plan.number}"
    tip = plan.get(f"/git/ref/{name}")["object"]["sha"]
    commit = place.loose(files, tip, "writer", "Plan: noted")
    place.by("writer", "PATCH", f"/git/refs/{name}", {"sha": commit})


def test_a_workflow_of_another_name_is_not_started(app: Running) -> None:
    files = kiosk()
    files[".github/workflows/other.yml"] = files.pop(STAGE_FILE)
    place = app.place(files)
    plan = app.plan(place)
    plan.say("/genesis approve")
    plan.go_on()
    assert plan.runs() == []
    assert plan.shown("Waits for the workflow")
