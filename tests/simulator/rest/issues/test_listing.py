"""Lists of issues: what they leave out, and their order."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.rest.issues.stage import app_client, commented, error_of, opened, proposed
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


@pytest.fixture
async def scene(sim: Simulated, writer: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    """1 bug of the writer's; 2 closed question of the reader's; 3 bare; 4 a pull request."""
    await writer.post(f"{SHOP}/milestones", json={"title": "Soon"})
    await opened(writer, "One", labels=["bug", "question"], assignees=["reader"], milestone=1)
    sim.world.clock.advance(60)
    await opened(reader, "Two", body="cc @writer")
    await writer.patch(f"{ISSUES}/2", json={"labels": ["question"], "state": "closed"})
    sim.world.clock.advance(60)
    await opened(writer, "Three")
    sim.world.clock.advance(60)
    await proposed(sim)
    sim.world.clock.advance(60)
    await commented(writer, "more", 1)


async def numbers(client: httpx.AsyncClient, query: str = "") -> list[int]:
    answer = await client.get(f"{ISSUES}?{query}")
    assert answer.status_code == 200, answer.text
    return [issue["number"] for issue in answer.json()]


LISTS = {
    "": [4, 3, 1],
    "state=closed": [2],
    "state=all": [4, 3, 2, 1],
    "state=all&direction=asc": [1, 2, 3, 4],
    "state=all&sort=updated": [1, 4, 3, 2],
    "state=all&sort=comments&direction=desc": [1, 4, 3, 2],
    "labels=bug": [1],
    "labels=BUG,Question": [1],
    "state=all&labels=question": [2, 1],
    "labels=bug,absent": [],
    "labels=,": [4, 3, 1],
    "assignee=reader": [1],
    "assignee=none": [4, 3],
    "assignee=*": [1],
    "state=all&creator=reader": [2],
    "creator=otp-genesis[bot]": [],
    "creator=app/otp-genesis": [],
    "state=all&mentioned=writer": [2],
    "milestone=1": [1],
    "milestone=none": [4, 3],
    "milestone=*": [1],
    "type=none": [4, 3, 1],
    "type=Bug": [],
}
"""Query -> the numbers of the issues it lists."""


async def test_a_list_is_what_its_query_asks_for(scene: None, writer: httpx.AsyncClient) -> None:
    assert {query: await numbers(writer, query) for query in LISTS} == LISTS


async def test_since_looks_at_updates(
    sim: Simulated, scene: None, writer: httpx.AsyncClient
) -> None:
    updated = (await writer.get(f"{ISSUES}/4")).json()["updated_at"]
    assert await numbers(writer, f"state=all&since={updated}") == [4, 1]
    assert await numbers(writer, "state=all&since=2100-01-01T00:00:00Z") == []


REFUSED = [
    ("state", "ajar"),
    ("sort", "beauty"),
    ("direction", "sideways"),
    ("milestone", "9"),
    ("milestone", "x"),
    ("assignee", "nobody"),
    ("creator", "nobody"),
    ("mentioned", "nobody"),
    ("since", "yesterday"),
]


async def test_what_names_nothing_is_refused(sim: Simulated) -> None:
    for field, value in REFUSED:
        answer = await sim.as_("reader").get(ISSUES, params={field: value})
        assert answer.status_code == 422
        error = error_of(answer)
        assert (error["resource"], error["field"], error["code"]) == ("Issue", field, "invalid")


async def test_pages_are_linked(scene: None, writer: httpx.AsyncClient) -> None:
    answer = await writer.get(ISSUES, params={"per_page": 2, "page": 1})
    assert [issue["number"] for issue in answer.json()] == [4, 3]
    following = answer.links["next"]["url"]
    assert [issue["number"] for issue in (await writer.get(following)).json()] == [1]
    assert "next" not in (await writer.get(following)).links
    assert await numbers(writer, "page=7") == []


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 20, "-1", "x"])
async def test_a_milestone_that_nobody_numbered_is_refused(
    writer: httpx.AsyncClient, number: str
) -> None:
    assert (await writer.get(f"{SHOP}/issues?milestone={number}")).status_code == 422


async def test_an_app_without_the_permission_reads_nothing_of_issues(sim: Simulated) -> None:
    await sim.as_("writer").post(f"{SHOP}/milestones", json={"title": "Soon"})
    sim.repository.private = True
    app = app_client(sim, contents="read")
    for path in ("milestones/1/labels", "assignees/writer", "labels", "milestones"):
        assert (await app.get(f"{SHOP}/{path}")).status_code == 403, path
