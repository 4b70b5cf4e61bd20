"""The log of exchanges: who asked for what, without secrets, within bounds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.simulator.exchanges import log as module
from bot.simulator.exchanges.log import Exchange, ExchangeLog
from bot.simulator.exchanges.masking import masked
from tests.simulator.serving import served
from tests.simulator.support import SHOP, Simulated, simulated

pytestmark = pytest.mark.anyio

ONE = Exchange(
    number=1,
    at="2026-11-25T20:00:00Z",
    method="POST",
    path="/api/v3/repos/acme/shop/issues",
    status=201,
    milliseconds=1.5,
    actor="writer",
    request="{}",
    response="{}",
)


def add(log: ExchangeLog, count: int, **changes: str) -> None:
    for _ in range(count):
        log.add(replace(ONE, number=log.next_number(), **changes))  # type: ignore[arg-type]  # the fields named are texts


async def test_calls_are_written_down(sim: Simulated) -> None:
    await sim.as_("reader").get(f"{SHOP}/issues", params={"state": "open"})
    await sim.as_("writer").post(f"{SHOP}/issues", json={"title": "One"})
    await sim.client().get("/nowhere")
    looked, wrote, missed = sim.world.exchanges.latest()
    assert (looked.method, looked.path, looked.status) == (
        "GET",
        f"/api/v3{SHOP}/issues?state=open",
        200,
    )
    assert (looked.actor, wrote.actor, missed.actor) == ("reader", "writer", None)
    assert (looked.writes, wrote.writes) == (False, True)
    assert json.loads(wrote.request) == {"title": "One"}
    assert json.loads(wrote.response)["number"] == 1
    assert missed.status == 404
    assert looked.milliseconds > 0
    assert sim.world.exchanges.latest(writes=True) == [wrote]
    assert sim.world.exchanges.latest(after=looked.number, limit=1) == [missed]
    assert sim.world.exchanges.get(wrote.number) == wrote
    assert sim.world.exchanges.get(99) is None


@pytest.mark.parametrize(
    ("method", "path", "request_body", "writes"),
    [
        ("GET", "/api/v3/user", "", False),
        ("DELETE", "/api/v3/installation/token", "", True),
        ("POST", "/acme/shop.git/git-upload-pack", "", False),
        ("POST", "/acme/shop.git/git-receive-pack", "", True),
        ("POST", "/api/graphql", '{"query": "{ viewer { login } }"}', False),
        ("POST", "/api/graphql", '{"query": "mutation { x }"}', True),
    ],
)
def test_what_could_change_something(
    method: str, path: str, request_body: str, writes: bool
) -> None:
    assert replace(ONE, method=method, path=path, request=request_body).writes is writes


async def test_pages_and_controls_are_not_written_down(sim: Simulated) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(sim.app), base_url="http://github.test"
    ) as client:
        await client.get("/_simulator/clock")
        await client.get("/")
    assert sim.world.exchanges.latest() == []


async def test_git_is_written_down_without_packs(sim: Simulated, tmp_path: Path) -> None:
    async with served(sim) as running:
        token = sim.token_of("writer")
        await running.git("clone", "-q", running.remote(), "c", cwd=tmp_path)
        await running.git("push", "-q", "origin", "HEAD:new", cwd=tmp_path / "c", token=token)
    every = sim.world.exchanges.latest()
    head = sim.world.git(sim.repository).branches()["new"]
    (push,) = sim.world.exchanges.latest(writes=True)
    assert push.path == "/acme/shop.git/git-receive-pack"
    assert (push.actor, push.request) == ("writer", f"refs/heads/new: {'0' * 40} -> {head}")
    assert all(not e.request and not e.response for e in every if e is not push)
    assert {e.actor for e in every if "upload-pack" in e.path} == {None}


async def test_no_secret_is_kept(sim: Simulated) -> None:
    path = f"/app/installations/{sim.installation.id}/access_tokens"
    made = await sim.as_app().post(path)
    secret = "a hook's secret"
    config = {"url": "http://127.0.0.1:9/", "secret": secret}
    admin = sim.as_("admin")
    await admin.post(f"{SHOP}/hooks", json={"config": config})
    leaked = f"token {sim.token_of('writer')} and {sim.app_jwt()}"
    await admin.post(f"{SHOP}/issues", json={"title": "Leak", "body": leaked})
    await admin.get(f"{SHOP}/issues", params={"labels": sim.token_of("writer")})
    text = (sim.world.folder / "exchanges.jsonl").read_text()
    kept = "".join(e.path + e.request + e.response for e in sim.world.exchanges.latest())
    for hidden in (made.json()["token"], secret, sim.token_of("writer"), sim.token_of("admin")):
        assert hidden not in text
        assert hidden not in kept
    assert "eyJ" not in text
    assert '\\"title\\":\\"Leak\\"' in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ghp_0123456789abcdef", "***"),
        ("x ghs_1001_a-b_c-d_e-f y", "x *** y"),
        ("github_pat_0123456789A_b", "***"),
        ('{"token":"any\\"thing","x":1}', '{"token":"***","x":1}'),
        ('{"client_secret" : "s"}', '{"client_secret" : "***"}'),
        ("-----BEGIN RSA PRIVATE KEY-----\\nMII", "***"),
        ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----z", "***z"),
        ('{"tokens": 3, "secretary": "Ann"}', '{"tokens": 3, "secretary": "Ann"}'),
        ("ghost_writer and eyJust.a.b", "ghost_writer and eyJust.a.b"),
    ],
)
def test_what_is_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


async def test_long_bodies_are_cut(sim: Simulated) -> None:
    body = json.dumps({"title": "T", "body": "b" * 60_000})
    await sim.as_("writer").post(f"{SHOP}/issues", content=body)
    await sim.as_("writer").post(f"{SHOP}/issues", content=" " * 200_000)
    first, second = sim.world.exchanges.latest()
    assert first.request == body
    assert len(first.response) == 16 * 1024
    assert len(second.request) == 96 * 1024


async def test_the_log_outlives_a_restart(tmp_path: Path, shop: Path) -> None:
    async with simulated(tmp_path / "state", shop) as sim:
        await sim.as_("writer").post(f"{SHOP}/issues", json={"title": "One"})
        before = sim.world.exchanges.latest()
    async with simulated(tmp_path / "state", shop) as sim:
        assert sim.world.exchanges.latest() == before
        await sim.as_("reader").get(SHOP)
        numbers = [e.number for e in sim.world.exchanges.latest()]
    assert numbers == [1, 2]


def test_files_are_bounded(tmp_path: Path) -> None:
    log = ExchangeLog(tmp_path)
    add(log, 600, request="r" * 60_000)
    log.close()
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"exchanges.jsonl", "exchanges.1.jsonl"}
    assert all(size < module.FILE_BYTES + 100_000 for size in sizes.values())
    again = ExchangeLog(tmp_path)
    assert again.latest()[-1].number == 600


def test_memory_is_bounded(tmp_path: Path) -> None:
    log = ExchangeLog(tmp_path)
    add(log, module.KEPT + 10)
    assert len(log.latest()) == module.KEPT
    assert log.latest()[0].number == 11
    large = "x" * (1 << 20)
    add(log, 40, request=large)
    kept = log.latest()
    assert sum(e.size for e in kept) <= module.KEPT_BYTES
    assert kept[-1].request == large
    log.close()


@pytest.mark.parametrize("line", ['{"number": 1, "at"', "[]", "{}", "\x00\xff", '{"number": 5}'])
def test_a_line_that_was_cut_off_is_passed_over(
    tmp_path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = ExchangeLog(tmp_path)
    add(log, 1)
    log.close()
    with (tmp_path / "exchanges.jsonl").open("a") as file:
        file.write(line)
    again = ExchangeLog(tmp_path)
    assert [e.number for e in again.latest()] == [1]
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    add(again, 1)
    again.close()
    assert [e.number for e in ExchangeLog(tmp_path).latest()] == [1, 2]
