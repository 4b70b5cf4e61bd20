"""Check runs over REST."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.domain.checks.runs import request_action
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, as_genesis, caller_of, commit, main_of, propose
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

RUNS = f"{SHOP}/check-runs"


async def report(sim: Simulated, **body: Any) -> dict[str, Any]:
    wanted = {"name": "mix", "head_sha": main_of(sim)} | body
    made = await as_genesis(sim).post(RUNS, json=wanted)
    assert made.status_code == 201, made.text
    assert problems_of(made) == []
    found: dict[str, Any] = made.json()
    return found


def annotation(line: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "path": "README.md",
        "start_line": line,
        "end_line": line,
        "annotation_level": "warning",
        "message": f"line {line}",
    } | more


async def test_a_run_goes_from_queued_to_success(sim: Simulated) -> None:
    pull = await propose(sim)
    heard = Heard(sim)
    app = as_genesis(sim)
    run = await report(sim, head_sha=pull["head"]["sha"], status="in_progress")
    assert [each["number"] for each in run["pull_requests"]] == [1]
    assert (run["status"], run["conclusion"], run["app"]["slug"]) == (
        "in_progress",
        None,
        "otp-genesis",
    )
    assert (await sim.as_("writer").get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "unstable"
    output = {"title": "Fine", "summary": "All of it"}
    done = await app.patch(f"{RUNS}/{run['id']}", json={"conclusion": "success", "output": output})
    assert done.status_code == 200, done.text
    assert problems_of(done) == []
    assert (done.json()["status"], done.json()["conclusion"]) == ("completed", "success")
    assert done.json()["completed_at"] is not None
    got = await sim.as_("reader").get(f"{RUNS}/{run['id']}")
    assert problems_of(got) == []
    assert got.json() == done.json()
    assert heard.kinds() == ["check_run/created", "check_run/completed", "check_suite/completed"]
    heard.payloads("check_run", "created")
    heard.payloads("check_run", "completed")
    suite = heard.payload("check_suite", "completed")["check_suite"]
    assert suite["conclusion"] == "success"
    assert [each["number"] for each in suite["pull_requests"]] == [1]
    assert (await sim.as_("writer").get(f"{SHOP}/pulls/1")).json()["mergeable_state"] == "clean"


async def test_only_apps_with_the_permission_report(sim: Simulated) -> None:
    body = {"name": "mix", "head_sha": main_of(sim)}
    for client in (sim.as_("admin"), as_genesis(sim, checks="read")):
        answer = await client.post(RUNS, json=body)
        assert answer.status_code == 403
        assert problems_of(answer) == []
    assert (await sim.client().post(RUNS, json=body)).status_code == 401
    assert len(sim.world.tables.check_runs) == 0
    run = await report(sim)
    assert (await sim.as_("admin").patch(f"{RUNS}/{run['id']}", json={})).status_code == 403


@pytest.mark.parametrize("sha", ["f" * 40, "main", "", "x" * 300])
async def test_a_run_is_of_a_commit(sim: Simulated, sha: str) -> None:
    answer = await as_genesis(sim).post(RUNS, json={"name": "mix", "head_sha": sha})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("No commit found for SHA: ")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"status": "done"},
        {"status": "completed"},
        {"conclusion": "stale"},
        {"started_at": "yesterday"},
        {"output": {"title": "x"}},
        {"output": {"summary": "x"}},
        {"output": {"title": "x", "summary": "x" * 65_536}},
        {"output": {"title": "x", "summary": "x", "text": "x" * 65_536}},
        {"output": {"title": "x", "summary": "x", "annotations": [annotation()] * 51}},
        {"output": {"title": "x", "summary": "x", "annotations": [annotation(title="x" * 256)]}},
        {"output": {"title": "x", "summary": "x", "annotations": [annotation(end_line=0)]}},
        {
            "output": {
                "title": "x",
                "summary": "x",
                "annotations": [annotation(end_line=2, start_column=1)],
            }
        },
        {"actions": [{"label": "a", "description": "b", "identifier": "c"}] * 4},
        {"actions": [{"label": "x" * 21, "description": "b", "identifier": "c"}]},
        {"actions": [{"label": "a", "description": "x" * 41, "identifier": "c"}]},
        {"actions": [{"label": "a", "description": "b", "identifier": "x" * 21}]},
    ],
)
async def test_bad_runs_are_refused(sim: Simulated, wrong: dict[str, Any]) -> None:
    body = {"name": "mix", "head_sha": main_of(sim)} | wrong
    answer = await as_genesis(sim).post(RUNS, json=body)
    assert answer.status_code == 422, answer.text
    assert problems_of(answer) == []
    assert len(sim.world.tables.check_runs) == 0


async def test_annotations_are_added_fifty_at_a_time(sim: Simulated) -> None:
    first = [annotation(n) for n in range(1, 51)]
    output = {"title": "Many", "summary": "So many"}
    run = await report(sim, output=output | {"annotations": first})
    more = {"output": output | {"annotations": [annotation(51, start_column=2, end_column=4)]}}
    changed = await as_genesis(sim).patch(f"{RUNS}/{run['id']}", json=more)
    assert changed.json()["output"]["annotations_count"] == 51
    path = f"{RUNS}/{run['id']}/annotations"
    listed = await sim.as_("reader").get(f"{path}?per_page=100")
    assert problems_of(listed) == []
    assert [each["message"] for each in listed.json()] == [f"line {n}" for n in range(1, 52)]
    assert listed.json()[-1]["start_column"] == 2
    assert 'rel="next"' in (await sim.as_("reader").get(path)).headers["link"]


async def test_a_run_is_changed_by_its_app_alone(sim: Simulated) -> None:
    run = await report(sim)
    (row,) = sim.world.tables.check_runs
    row.app_id += 1
    answer = await as_genesis(sim).patch(f"{RUNS}/{run['id']}", json={"conclusion": "failure"})
    assert answer.status_code == 403
    assert "can only be modified by the GitHub App that created it" in answer.json()["message"]


async def test_a_run_can_go_on_after_its_end(sim: Simulated) -> None:
    run = await report(sim, conclusion="failure")
    heard = Heard(sim)
    again = await as_genesis(sim).patch(f"{RUNS}/{run['id']}", json={"status": "in_progress"})
    assert (again.json()["conclusion"], again.json()["completed_at"]) == (None, None)
    (suite,) = sim.world.tables.suites
    assert (suite.status, suite.conclusion) == ("in_progress", None)
    assert heard.kinds() == []


async def test_runs_of_a_ref_are_filtered(sim: Simulated) -> None:
    old = await report(sim, conclusion="failure")
    new = await report(sim, conclusion="success")
    other = await report(sim, name="credo")
    reader = sim.as_("reader")

    async def ids(query: str, ref: str = "main") -> list[int]:
        answer = await reader.get(f"{SHOP}/commits/{ref}/check-runs?{query}")
        assert answer.status_code == 200
        assert problems_of(answer) == []
        body = answer.json()
        assert body["total_count"] == len(body["check_runs"])
        return [run["id"] for run in body["check_runs"]]

    assert await ids("") == [other["id"], new["id"]]
    assert await ids("filter=all") == [other["id"], new["id"], old["id"]]
    assert await ids("check_name=mix") == [new["id"]]
    assert await ids("status=queued") == [other["id"]]
    assert await ids(f"app_id={sim.genesis.id}", main_of(sim)) == [other["id"], new["id"]]
    assert await ids("app_id=1") == []
    missing = await reader.get(f"{SHOP}/commits/no/such/branch/check-runs")
    assert missing.status_code == 422


async def test_a_branch_with_slashes_has_runs(sim: Simulated) -> None:
    sha = await commit(sim, "genesis/7/stage-1", {"a": "1\n"})
    await report(sim, head_sha=sha)
    answer = await sim.as_("reader").get(f"{SHOP}/commits/genesis/7/stage-1/check-runs")
    assert answer.json()["total_count"] == 1


async def test_a_run_is_asked_for_anew(sim: Simulated) -> None:
    run = await report(sim, status="queued")
    path = f"{RUNS}/{run['id']}/rerequest"
    assert (await sim.as_("writer").post(path)).status_code == 403
    await as_genesis(sim).patch(f"{RUNS}/{run['id']}", json={"conclusion": "failure"})
    heard = Heard(sim)
    again = await sim.as_("writer").post(path)
    assert again.status_code == 201
    assert problems_of(again) == []
    assert (await sim.as_("reader").post(path)).status_code == 403
    assert heard.kinds() == ["check_run/rerequested"]
    heard.payload("check_run", "rerequested")
    assert heard.events[0].installation_id == sim.installation.id


async def test_a_button_is_pressed(sim: Simulated) -> None:
    button = {"label": "Fix", "description": "Fix it", "identifier": "fix"}
    await report(sim, actions=[button])
    (run,) = sim.world.tables.check_runs
    heard = Heard(sim)
    request_action(sim.world, caller_of(sim, "writer"), sim.repository, run, "fix")
    told = heard.payload("check_run", "requested_action")
    assert told["requested_action"] == {"identifier": "fix"}
    assert heard.events[0].installation_id == sim.installation.id


@pytest.mark.parametrize("field", ["started_at", "completed_at"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_that_no_calendar_holds_is_refused(
    sim: Simulated, field: str, moment: str
) -> None:
    body = {"name": "mix", "head_sha": main_of(sim), "conclusion": "success", field: moment}
    assert (await as_genesis(sim).post(RUNS, json=body)).status_code == 422
    assert len(sim.world.tables.check_runs) == 0


async def test_the_address_of_an_annotated_file_is_whole(sim: Simulated) -> None:
    output = {"title": "t", "summary": "s", "annotations": [annotation(path="a ?#%.md")]}
    run = await report(sim, output=output)
    listed = await sim.as_("reader").get(f"{RUNS}/{run['id']}/annotations")
    assert "/contents/a%20%3F%23%25.md?ref=" in listed.json()[0]["blob_href"]
