"""Who pays how much, as callers of the API see it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bot.simulator.identity.caller import Caller
from bot.simulator.identity.tokens import installation_token
from bot.simulator.limits.charge import charge_for
from tests.simulator.judges.checking import problems_of
from tests.simulator.support import SHOP, Simulated, simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


def left(answer: httpx.Response) -> tuple[int, int, str]:
    headers = answer.headers
    return (
        int(headers["x-ratelimit-limit"]),
        int(headers["x-ratelimit-used"]),
        headers["x-ratelimit-resource"],
    )


async def bot(sim: Simulated) -> httpx.AsyncClient:
    path = f"/app/installations/{sim.installation.id}/access_tokens"
    made = await sim.as_app().post(path)
    return sim.client(made.json()["token"])


def actions(sim: Simulated) -> httpx.AsyncClient:
    """With a GITHUB_TOKEN."""
    tables = sim.world.tables
    app = tables.apps.one("slug", "github-actions")
    assert app is not None
    (there,) = tables.installations.where("app", app.id)
    token = installation_token(
        tables, there, {"issues": "write"}, [sim.repository.id], sim.world.clock.now()
    )
    token.kind = "actions"
    return sim.client(token.value)


async def test_each_kind_of_caller_has_its_limit(sim: Simulated) -> None:
    assert left(await sim.client().get("/")) == (60, 1, "core")
    assert left(await sim.as_("reader").get("/")) == (5_000, 1, "core")
    assert left(await sim.as_("writer").get("/")) == (5_000, 1, "core")
    assert left(await sim.as_("reader").get("/")) == (5_000, 2, "core")
    assert left(await (await bot(sim)).get("/")) == (5_000, 1, "core")
    assert left(await actions(sim).get("/")) == (1_000, 1, "core")


async def test_an_installation_on_many_repositories_has_more(sim: Simulated) -> None:
    tables, caller = sim.world.tables, (await bot(sim)).headers["authorization"]
    token = tables.tokens.one("value", caller.removeprefix("Bearer "))
    assert token is not None
    for number in range(30):
        row = sim.repository.model_copy(update={"id": 10_000 + number, "name": f"n{number}"})
        tables.repositories.add(row)
    actor = tables.accounts[sim.genesis.bot_id]
    who = Caller(actor, token, sim.genesis, sim.installation)
    assert charge_for(tables, who, "", "GET", "/").limit == 5_000 + 11 * 50


async def test_asking_for_the_limits_is_free(sim: Simulated) -> None:
    reader = sim.as_("reader")
    await reader.get(SHOP + "/labels")
    for _ in range(2):
        answer = await reader.get("/rate_limit")
        assert problems_of(answer) == []
        core = answer.json()["resources"]["core"]
        assert (core["limit"], core["used"], core["remaining"]) == (5_000, 1, 4_999)
        assert answer.json()["rate"] == core
        assert answer.json()["resources"]["search"]["limit"] == 30
    assert left(answer) == (5_000, 1, "core")


async def test_a_304_is_not_counted(sim: Simulated) -> None:
    reader = sim.as_("reader")
    first = await reader.get(SHOP + "/labels")
    again = await reader.get(SHOP + "/labels", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, left(again)) == (304, (5_000, 1, "core"))


async def test_nobody_has_sixty_calls_an_hour(tmp_path: Path, shop: Path) -> None:
    async with simulated(tmp_path / "state", shop, limits=True) as sim:
        anyone = sim.client()
        for _ in range(60):
            assert (await anyone.get("/versions")).status_code == 200
        refused = await anyone.get("/versions")
        assert (refused.status_code, problems_of(refused)) == (403, [])
        assert refused.json()["message"].startswith("API rate limit exceeded for 127.0.0.1. (But")
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert (await sim.as_("reader").get("/versions")).status_code == 200
        sim.world.clock.advance(3601)
        assert (await anyone.get("/versions")).status_code == 200


async def test_eighty_creations_a_minute(tmp_path: Path, shop: Path) -> None:
    async with simulated(tmp_path / "state", shop, limits=True) as sim:
        writer = sim.as_("writer")
        for number in range(80):
            made = await writer.post(ISSUES, json={"title": f"Number {number}"})
            assert made.status_code == 201
        refused = await writer.post(ISSUES, json={"title": "One more"})
        assert (refused.status_code, problems_of(refused)) == (403, [])
        assert refused.json()["message"].startswith("You have exceeded a secondary rate limit")
        assert len(sim.world.tables.issues) == 80
        wait = int(refused.headers["retry-after"])
        assert (await writer.get(f"{ISSUES}/1")).status_code == 200
        assert (await writer.patch(f"{ISSUES}/1", json={"title": "Other"})).status_code == 200
        sim.world.clock.advance(wait)
        assert (await writer.post(ISSUES, json={"title": "Now"})).status_code == 201


async def test_wrong_credentials_take_from_nobody(tmp_path: Path, shop: Path) -> None:
    async with simulated(tmp_path / "state", shop, limits=True) as sim:
        for _ in range(70):
            assert (await sim.client("ghp_wrong").get("/versions")).status_code == 401
        assert left(await sim.client().get("/versions")) == (60, 1, "core")
