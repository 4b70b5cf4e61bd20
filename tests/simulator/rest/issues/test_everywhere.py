"""One's own issues over all repositories."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bot.simulator.options import Source
from bot.simulator.seed import add_repository
from tests.simulator.rest.issues.stage import app_client, commented, judged, opened, proposed
from tests.simulator.support import Simulated

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(sim: Simulated, shop: Path, writer: httpx.AsyncClient) -> None:
    """shop#1 is assigned to the reader, shop#2 mentions them, shop#3 is a pull request; the
    reader opened tools#1; nobody but the writer sees vault#1."""
    now = sim.world.clock.now()
    await opened(writer, "shop 1", assignees=["reader"])
    await opened(writer, "shop 2", body="@reader")
    await proposed(sim)
    await add_repository(sim.world, Source(path=shop, name="tools"), now)
    await sim.as_("reader").post("/repos/acme/tools/issues", json={"title": "tools 1"})
    vault = await add_repository(sim.world, Source(path=shop, name="vault"), now)
    await writer.post("/repos/acme/vault/issues", json={"title": "vault 1"})
    vault.private = True
    for member in sim.world.tables.collaborators.where("repository", vault.id):
        sim.world.tables.collaborators.remove(member)


async def titles(client: httpx.AsyncClient, path: str, **query: str) -> list[str]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [issue["title"] for issue in answer.json()]


@pytest.mark.parametrize("path", ["/issues", "/user/issues", "/orgs/acme/issues"])
async def test_filters(scene: None, reader: httpx.AsyncClient, path: str) -> None:
    assert await titles(reader, path) == ["shop 1"]
    assert await titles(reader, path, filter="created") == ["tools 1"]
    assert await titles(reader, path, filter="mentioned") == ["shop 2"]
    assert await titles(reader, path, filter="subscribed") == ["tools 1", "shop 2", "shop 1"]
    everything = ["shop 1", "shop 2", "A change", "tools 1"]
    assert await titles(reader, path, filter="all", direction="asc") == everything
    assert await titles(reader, path, filter="repos", state="closed") == []
    await commented(reader, "+1", 3)
    assert "A change" in await titles(reader, path, filter="subscribed")


async def test_each_names_its_repository(scene: None, reader: httpx.AsyncClient) -> None:
    [issue] = (await reader.get("/issues", params={"filter": "created"})).json()
    assert issue["repository"]["full_name"] == "acme/tools"


async def test_only_a_user_has_issues(sim: Simulated, scene: None) -> None:
    assert (await judged(sim.client()).get("/issues")).status_code == 401
    assert (await app_client(sim, issues="read").get("/issues")).status_code == 403
    reader = judged(sim.as_("reader"))
    assert (await reader.get("/orgs/nobody/issues")).status_code == 404
    assert (await sim.as_("reader").get("/issues?filter=mine")).status_code == 422
