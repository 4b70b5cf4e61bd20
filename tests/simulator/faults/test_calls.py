"""Faults of calls: 5xx, cut connections, limits, tokens, what is not there yet; of git too."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from bot.simulator.faults.plan import Fault, FaultPlan
from bot.simulator.faults.proxy import ConnectionCut
from tests.simulator.judges.checking import problems_of
from tests.simulator.serving import served
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


def plan(sim: Simulated, *faults: Fault) -> None:
    sim.world.faults.set(FaultPlan(faults=faults))


def logged(sim: Simulated) -> list[tuple[str, str]]:
    return [(entry.kind, entry.subject) for entry in sim.world.faults.log]


async def test_an_error_before_the_work(sim: Simulated) -> None:
    plan(sim, Fault(kind="error", method="POST", path="/repos/*/issues", status=503, count=1))
    writer = sim.as_("writer")
    assert (await writer.get(ISSUES)).status_code == 200
    broken = await writer.post(ISSUES, json={"title": "One"})
    assert (broken.status_code, broken.json()["message"]) == (503, "Server Error")
    assert len(sim.world.tables.issues) == 0
    assert (await writer.post(ISSUES, json={"title": "One"})).status_code == 201
    assert logged(sim) == [("error", f"POST {ISSUES}")]


async def test_an_error_after_the_work_was_done(sim: Simulated) -> None:
    plan(sim, Fault(kind="error", method="post", when="after", count=1))
    broken = await sim.as_("writer").post(ISSUES, json={"title": "One"})
    assert broken.status_code == 502
    assert "One" not in broken.text
    assert len(sim.world.tables.issues) == 1
    assert len(list(sim.world.journal.rows("Issue"))) == 1
    assert sim.world.exchanges.latest()[-1].fault == "error after"


@pytest.mark.parametrize("kind", ["error", "secondary_limit"])
async def test_a_fault_for_one_caller_leaves_the_others_alone(sim: Simulated, kind: str) -> None:
    plan(sim, Fault.model_validate({"kind": kind, "agent": "robot/*"}))
    writer = sim.as_("writer")
    assert (await writer.get(ISSUES)).status_code == 200
    robot = {"user-agent": "robot/1.0"}
    assert (await writer.get(ISSUES, headers=robot)).status_code in (403, 502)


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
async def test_a_cut_connection(sim: Simulated, when: str, done: int) -> None:
    plan(sim, Fault.model_validate({"kind": "cut", "when": when, "method": "POST", "count": 1}))
    token = sim.token_of("writer")
    headers = {"user-agent": "tests", "authorization": f"Bearer {token}"}
    async with (
        served(sim) as running,
        httpx.AsyncClient(base_url=f"{running.url}/api/v3", headers=headers) as client,
    ):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await client.post(ISSUES, json={"title": "One"})
        assert len(sim.world.tables.issues) == done
        assert (await client.post(ISSUES, json={"title": "Two"})).status_code == 201
    assert [e.status for e in sim.world.exchanges.latest()] == [0, 201]
    assert sim.world.exchanges.latest()[0].fault == f"cut {when}"


async def test_a_server_that_cannot_cut_says_so(sim: Simulated) -> None:
    plan(sim, Fault(kind="cut"))
    with pytest.raises(ConnectionCut):
        await sim.as_("reader").get(ISSUES)


async def test_a_slow_answer(sim: Simulated) -> None:
    plan(sim, Fault(kind="slow", path=ISSUES, seconds=0.2))
    reader = sim.as_("reader")
    began = time.monotonic()
    assert (await reader.get(ISSUES)).status_code == 200
    assert time.monotonic() - began >= 0.2


async def test_a_secondary_limit(sim: Simulated) -> None:
    plan(sim, Fault(kind="secondary_limit", method="POST", count=1, seconds=7))
    writer = sim.as_("writer")
    refused = await writer.post(ISSUES, json={"title": "One"})
    assert (refused.status_code, problems_of(refused)) == (403, [])
    assert refused.headers["retry-after"] == "7"
    assert refused.json()["message"].startswith("You have exceeded a secondary rate limit")
    assert len(sim.world.tables.issues) == 0
    assert (await writer.post(ISSUES, json={"title": "One"})).status_code == 201


async def test_an_installation_token_expires_at_once(sim: Simulated) -> None:
    path = f"/app/installations/{sim.installation.id}/access_tokens"
    bot = sim.client((await sim.as_app().post(path)).json()["token"])
    plan(sim, Fault(kind="token_expired", path=ISSUES))
    # Only such a token can expire.
    assert (await sim.as_("reader").get(ISSUES)).status_code == 200
    assert (await bot.get("/installation/repositories")).status_code == 200
    for _ in range(2):
        refused = await bot.get(ISSUES)
        assert (refused.status_code, problems_of(refused)) == (401, [])
        assert refused.json()["message"] == "Bad credentials"
    assert (await bot.get("/installation/repositories")).status_code == 401
    assert logged(sim) == [("token_expired", f"GET {ISSUES}")]


async def test_what_was_just_made_is_not_found_yet(sim: Simulated) -> None:
    await sim.as_("writer").post(ISSUES, json={"title": "Old"})
    plan(sim, Fault(kind="absent", seconds=3))
    writer = sim.as_("writer")
    await writer.post(ISSUES, json={"title": "New"})
    reader = sim.as_("reader")
    young = await reader.get(f"{ISSUES}/2")
    assert (young.status_code, problems_of(young)) == (404, [])
    assert (await reader.get(f"{ISSUES}/2/comments")).status_code == 404
    assert (await reader.get(f"{ISSUES}/1")).status_code == 200
    listed = await reader.get(ISSUES)
    assert [i["number"] for i in listed.json()] == [2, 1]
    comment = await writer.post(f"{ISSUES}/2/comments", json={"body": "x"})
    assert comment.status_code == 201, "only looking is too early"
    one = f"{SHOP}/issues/comments/{comment.json()['id']}"
    assert (await reader.get(one)).status_code == 404
    sim.world.clock.advance(3)
    assert (await reader.get(f"{ISSUES}/2")).status_code == 200
    assert (await reader.get(one)).status_code == 200


async def test_what_was_just_pushed_is_not_found_yet(sim: Simulated, tmp_path: Path) -> None:
    async with served(sim) as running:
        await running.git("clone", "-q", running.remote(), "c", cwd=tmp_path)
        plan(sim, Fault(kind="absent", path=f"{SHOP}/*", seconds=3))
        clone, token = tmp_path / "c", sim.token_of("writer")
        await running.git("commit", "-q", "--allow-empty", "-m", "New", cwd=clone)
        pushed = await running.git("push", "-q", "origin", "HEAD:new", cwd=clone, token=token)
        assert pushed.code == 0, pushed.err
        sha = sim.world.git(sim.repository).branches()["new"]
        reader = sim.as_("reader")
        paths = [f"commits/{sha}", f"git/commits/{sha}", "git/ref/heads/new", "branches/new"]
        early = [(await reader.get(f"{SHOP}/{path}")).status_code for path in paths]
        assert early == [404] * 4
        assert (await reader.get(f"{SHOP}/git/ref/heads/main")).status_code == 200
        sim.world.clock.advance(3)
        later = [(await reader.get(f"{SHOP}/{path}")).status_code for path in paths]
        assert later == [200] * 4


async def test_git_meets_faults_when_they_are_for_it(sim: Simulated, tmp_path: Path) -> None:
    async with served(sim) as running:
        plan(sim, Fault(kind="error", status=503))
        fine = await running.git("clone", "-q", running.remote(), "fine", cwd=tmp_path)
        assert fine.code == 0, fine.err
        path = "/acme/shop.git/git-upload-pack"
        plan(sim, Fault(kind="error", target="git", path=path, status=503, count=1))
        broken = await running.git("clone", "-q", running.remote(), "broken", cwd=tmp_path)
        assert broken.code != 0
        assert "503" in broken.err
        assert logged(sim) == [("error", f"POST {path}")]
        again = await running.git("clone", "-q", running.remote(), "again", cwd=tmp_path)
        assert again.code == 0, again.err


async def test_a_lost_answer_to_a_push_is_a_push(
    sim: Simulated, tmp_path: Path, shop: Path
) -> None:
    async with served(sim) as running:
        token = sim.token_of("writer")
        cloned = await running.git("clone", "-q", running.remote(), "c", cwd=tmp_path)
        assert cloned.code == 0
        path = "/acme/shop.git/git-receive-pack"
        plan(sim, Fault(kind="error", target="git", path=path, when="after", count=1))
        clone = tmp_path / "c"
        lost = await running.git("push", "-q", "origin", "HEAD:new", cwd=clone, token=token)
        assert lost.code != 0
        assert "new" in sim.world.git(sim.repository).branches()
        again = await running.git("push", "-q", "origin", "HEAD:new", cwd=clone, token=token)
        assert again.code == 0, again.err


async def test_pages_and_controls_meet_no_faults(sim: Simulated) -> None:
    plan(sim, Fault(kind="error", target="all"), Fault(kind="slow", target="all", seconds=60))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(sim.app), base_url="http://github.test"
    ) as client:
        for path in ("/_simulator/faults", "/"):
            assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("path", "asked", "met"),
    [
        ("", ISSUES, True),
        ("/repos/*", ISSUES, True),
        ("/repos/acme/*/issues", ISSUES, True),
        ("/repos/acme/?hop/issues", ISSUES, True),
        ("/repos/acme/shop", ISSUES, False),
        ("*labels*", ISSUES, False),
    ],
)
async def test_paths_are_patterns(sim: Simulated, path: str, asked: str, met: bool) -> None:
    plan(sim, Fault(kind="error", path=path))
    answer = await sim.as_("reader").get(asked)
    assert (answer.status_code == 502) is met
