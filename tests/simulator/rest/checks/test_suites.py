"""Check suites over REST, and those that come by themselves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.simulator.domain.checks.suites import conclusion_of, status_of
from bot.simulator.records.checks import CheckRun, Conclusion
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, as_genesis, commit, main_of
from tests.simulator.rest.checks.test_check_runs import report
from tests.simulator.support import SHOP, Simulated, git

pytestmark = pytest.mark.anyio

SUITES = f"{SHOP}/check-suites"


async def test_a_push_gives_every_app_that_checks_a_suite(sim: Simulated) -> None:
    heard = Heard(sim)
    sha = await commit(sim, "feature", {"a": "1\n"})
    assert "check_suite/requested" in heard.kinds()
    told = heard.payload("check_suite", "requested")["check_suite"]
    assert (told["head_branch"], told["head_sha"], told["status"]) == ("feature", sha, "queued")
    assert told["head_commit"]["message"] == "Change"
    (event,) = [each for each in heard.events if each.name == "check_suite"]
    assert event.installation_id == sim.installation.id
    listed = await sim.as_("reader").get(f"{SHOP}/commits/feature/check-suites")
    assert problems_of(listed) == []
    assert [s["app"]["slug"] for s in listed.json()["check_suites"]] == ["otp-genesis"]
    got = await sim.as_("reader").get(f"{SUITES}/{told['id']}")
    assert problems_of(got) == []
    assert got.json()["before"] is None
    again = await commit(sim, "feature", {"a": "2\n"})
    assert heard.payload("check_suite", "requested")["check_suite"]["before"] == sha
    (suite,) = sim.world.tables.suites.where("sha", (sim.repository.id, again))
    assert suite.before == sha


async def test_an_app_without_checks_has_no_suites(sim: Simulated) -> None:
    sim.installation.permissions = {"contents": "write"}
    heard = Heard(sim)
    await commit(sim, "feature", {"a": "1\n"})
    assert "check_suite/requested" not in heard.kinds()
    assert len(sim.world.tables.suites) == 0


async def test_suites_by_themselves_can_be_switched_off(sim: Simulated) -> None:
    choice = {"auto_trigger_checks": [{"app_id": sim.genesis.id, "setting": False}]}
    put = await sim.as_("admin").patch(f"{SUITES}/preferences", json=choice)
    assert put.status_code == 200, put.text
    assert problems_of(put) == []
    assert put.json()["preferences"] == choice
    assert (await sim.as_("writer").patch(f"{SUITES}/preferences", json=choice)).status_code == 403
    await commit(sim, "feature", {"a": "1\n"})
    assert len(sim.world.tables.suites) == 0


async def test_a_suite_is_made_once(sim: Simulated) -> None:
    app = as_genesis(sim)
    body = {"head_sha": main_of(sim)}
    made = await app.post(SUITES, json=body)
    assert made.status_code == 201, made.text
    assert problems_of(made) == []
    again = await app.post(SUITES, json=body)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert problems_of(again) == []
    wrong = await app.post(SUITES, json={"head_sha": "f" * 40})
    assert wrong.status_code == 422
    assert (await sim.as_("admin").post(SUITES, json=body)).status_code == 403
    run = await report(sim)
    assert run["check_suite"]["id"] == made.json()["id"]
    runs = await sim.as_("reader").get(f"{SUITES}/{made.json()['id']}/check-runs")
    assert problems_of(runs) == []
    assert runs.json()["total_count"] == 1


async def test_a_suite_is_asked_for_anew(sim: Simulated) -> None:
    run = await report(sim, conclusion="failure")
    path = f"{SUITES}/{run['check_suite']['id']}"
    heard = Heard(sim)
    again = await sim.as_("writer").post(f"{path}/rerequest")
    assert again.status_code == 201
    assert problems_of(again) == []
    assert heard.kinds() == ["check_suite/rerequested"]
    heard.payload("check_suite", "rerequested")
    shown = (await sim.as_("reader").get(path)).json()
    assert (shown["status"], shown["conclusion"]) == ("queued", None)
    assert (await sim.as_("reader").post(f"{path}/rerequest")).status_code == 403
    assert (await sim.as_("writer").get(f"{SUITES}/1")).status_code == 404


def runs(*conclusions: Conclusion | None) -> list[CheckRun]:
    moment = datetime(2026, 11, 25, tzinfo=UTC)
    return [
        CheckRun(
            id=n,
            repository_id=1,
            suite_id=1,
            app_id=1,
            name=str(n),
            head_sha="",
            status="queued" if conclusion is None else "completed",
            conclusion=conclusion,
            created_at=moment,
        )
        for n, conclusion in enumerate(conclusions)
    ]


@pytest.mark.parametrize(
    ("conclusions", "status", "conclusion"),
    [
        ([], "queued", None),
        ([None], "queued", None),
        (["success", None], "in_progress", None),
        (["failure", None], "in_progress", None),
        (["success", "success"], "completed", "success"),
        (["success", "neutral", "skipped"], "completed", "success"),
        (["neutral", "skipped"], "completed", "neutral"),
        (["skipped"], "completed", "skipped"),
        (["success", "failure", "cancelled"], "completed", "failure"),
        (["success", "cancelled"], "completed", "cancelled"),
        (["action_required", "success"], "completed", "action_required"),
    ],
)
def test_a_suite_sums_up_its_runs(
    conclusions: list[Conclusion | None], status: str, conclusion: str | None
) -> None:
    assert status_of(runs(*conclusions)) == status
    assert conclusion_of(runs(*conclusions)) == conclusion


def unread_commit(sim: Simulated) -> str:
    """One that has to be fetched from git first, which takes a moment."""
    place = sim.world.git_path(sim.repository)
    return git("commit-tree", "main^{tree}", "-p", "main", "-m", "New", cwd=place).strip()


async def test_runs_reported_at_once_share_a_suite(sim: Simulated) -> None:
    sha = unread_commit(sim)
    made = await asyncio.gather(*(report(sim, name=str(n), head_sha=sha) for n in range(4)))
    (suite,) = sim.world.tables.suites.where("sha", (sim.repository.id, sha))
    assert {run["check_suite"]["id"] for run in made} == {suite.id}


async def test_of_suites_asked_for_at_once_one_is_made(sim: Simulated) -> None:
    heard = Heard(sim)
    body = {"head_sha": unread_commit(sim)}
    answers = await asyncio.gather(*(as_genesis(sim).post(SUITES, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert heard.kinds() == ["check_suite/requested"]
