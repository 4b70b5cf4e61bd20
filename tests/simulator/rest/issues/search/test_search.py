"""`GET /search/issues` and `GET /search/labels`."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bot.simulator.domain.issues.issues import Draft, open_issue
from bot.simulator.identity.caller import Caller
from bot.simulator.options import Source
from bot.simulator.seed import add_repository
from tests.simulator.rest.issues.stage import (
    app_client,
    commented,
    error_of,
    judged,
    opened,
    proposed,
)
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


@pytest.fixture
async def scene(sim: Simulated, writer: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    """1 the writer's bug; 2 the reader's closed question; 3 the bot's; 4 a pull request."""
    await writer.post(f"{SHOP}/milestones", json={"title": "Next one"})
    one = {"labels": ["bug", "good first issue"], "assignees": ["reader"], "milestone": 1}
    await opened(writer, "Crash on start", body="The stack says `boom`", **one)
    sim.world.clock.advance(86_400)
    await opened(reader, "How to stop", body="Ask @writer")
    wanted = {"labels": ["question"], "state": "closed", "state_reason": "not_planned"}
    await writer.patch(f"{ISSUES}/2", json=wanted)
    sim.world.clock.advance(86_400)
    bot = app_client(sim, issues="write")
    await opened(bot, "Stage 1", body="<!-- genesis:stage:1 of plan-7 -->\nWork")
    sim.world.clock.advance(86_400)
    await proposed(sim, title="Stop crashing", body="Closes #1", draft=True)
    await commented(writer, "A boom in a comment", 2)
    await writer.post(f"{ISSUES}/3/reactions", json={"content": "heart"})


async def search(client: httpx.AsyncClient, q: str, **more: str | int) -> list[int]:
    answer = await client.get("/search/issues", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    found = [issue["number"] for issue in answer.json()["items"]]
    assert answer.json()["total_count"] == len(found)
    return found


FOUND = {
    "repo:acme/shop": [4, 3, 2, 1],
    "org:acme": [4, 3, 2, 1],
    "user:ACME -repo:acme/shop": [],
    "is:issue": [3, 2, 1],
    "is:pr": [4],
    "type:pr": [4],
    "is:issue is:open": [3, 1],
    "state:closed": [2],
    "-is:closed is:issue": [3, 1],
    "is:unmerged draft:true": [4],
    "is:merged": [],
    "is:draft": [4],
    "is:locked": [],
    "is:public": [4, 3, 2, 1],
    "label:bug": [1],
    'label:"good first issue"': [1],
    "label:bug,question": [2, 1],
    "label:bug label:question": [],
    "-label:bug is:issue": [3, 2],
    "no:label": [4, 3],
    "has:label": [2, 1],
    "no:assignee no:milestone is:issue": [3, 2],
    'milestone:"next ONE"': [1],
    "author:reader": [2],
    "author:reader author:writer is:issue": [2, 1],
    "author:app/otp-genesis": [3],
    "author:otp-genesis[bot]": [3],
    "author:@me": [4, 1],
    "assignee:reader": [1],
    "assignee:*": [1],
    "commenter:writer": [2],
    "mentions:writer": [2],
    "involves:writer": [4, 2, 1],
    "comments:>0": [2],
    "comments:0 is:issue": [3, 1],
    "reason:completed": [],
    'reason:"not planned"': [2],
    "head:topic base:main": [4],
    "head:other": [],
    "archived:false is:pr": [4],
    "created:<2000-01-01": [],
    "created:>2000-01-01 is:pr": [4],
    "closed:2000-01-01..*": [2],
    "crash": [1],
    "stop": [4, 2],
    "boom": [2, 1],
    "boom in:body": [1],
    "boom in:comments": [2],
    "boom in:title": [],
    "stop in:title,body is:issue": [2],
    '"crash on start"': [1],
    '"crash start"': [],
    "genesis stage 1": [3],
    '"genesis:stage:1" in:body': [3],
    '"plan-7" author:app/otp-genesis': [3],
    "-boom is:issue": [3],
    "NOT boom is:issue": [3],
    "is:issue sort:created-asc": [1, 2, 3],
    "sort:comments-desc is:issue": [2, 3, 1],
    "is:issue sort:reactions-heart": [3, 2, 1],
}
"""Query -> the numbers of what it finds, the newest first."""


async def test_qualifiers_and_words(scene: None, writer: httpx.AsyncClient) -> None:
    assert {query: await search(writer, query) for query in FOUND} == FOUND


async def test_the_order_can_be_asked_for(scene: None, writer: httpx.AsyncClient) -> None:
    assert await search(writer, "is:issue", sort="created", order="asc") == [1, 2, 3]
    assert await search(writer, "is:issue", sort="updated") == [2, 3, 1]
    assert await search(writer, "is:issue", sort="comments") == [2, 3, 1]
    assert await search(writer, "is:issue", sort="reactions") == [3, 2, 1]
    assert await search(writer, "is:issue", sort="interactions", order="asc") == [1, 2, 3]


REFUSED = [
    "",
    " ",
    "mood:good",
    "is:beautiful",
    "no:hope",
    "state:ajar",
    "created:yesterday",
    "comments:many",
    "author:nobody-at-all",
    "repo:acme/nothing",
    "org:nobody-at-all",
    "a OR b",
]


async def test_what_cannot_be_searched_is_refused(scene: None, writer: httpx.AsyncClient) -> None:
    for query in REFUSED:
        answer = await writer.get("/search/issues", params={"q": query})
        assert answer.status_code == 422, query
        error = error_of(answer)
        assert (error["resource"], error["field"]) == ("Search", "q")
        assert error["code"] in ("invalid", "missing")


async def test_what_is_hidden_is_not_found(
    sim: Simulated, shop: Path, writer: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    secret = await add_repository(
        sim.world, Source(path=shop, name="secret"), sim.world.clock.now()
    )
    secret.private = True
    made = await writer.post("/repos/acme/secret/issues", json={"title": "Hush"})
    assert made.status_code == 201
    assert await search(writer, "hush") == [1]
    assert await search(outsider, "hush") == []
    assert await search(judged(sim.client()), "hush") == []
    assert await search(app_client(sim, contents="read"), "hush") == []
    assert await search(app_client(sim, issues="read"), "hush") == [1]
    answer = await outsider.get("/search/issues", params={"q": "hush repo:acme/secret"})
    assert answer.status_code == 422


async def test_only_the_first_1000_results_can_be_seen(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    caller = Caller(actor=sim.world.tables.accounts.one("login", "writer"))
    for number in range(1001):
        open_issue(sim.world, caller, sim.repository, Draft(f"Issue {number}", "x"))
    query = {"q": "issue", "per_page": "100"}
    last = await writer.get("/search/issues", params=query | {"page": "10"})
    assert len(last.json()["items"]) == 100
    assert last.json()["total_count"] == 1001
    assert "next" not in last.links
    beyond = await writer.get("/search/issues", params=query | {"page": "11"})
    assert beyond.status_code == 422
    assert beyond.json()["message"] == "Only the first 1000 search results are available"


async def test_a_search_by_meaning_falls_back_to_words_and_says_so(
    scene: None, writer: httpx.AsyncClient
) -> None:
    answer = await writer.get("/search/issues", params={"q": "crash", "search_type": "semantic"})
    assert answer.json()["search_type"] == "lexical"
    assert answer.json()["lexical_fallback_reason"] == ["service_unavailable"]


async def test_labels_are_found_by_name_and_description(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    async def labels(q: str, id: int) -> httpx.Response:
        return await writer.get("/search/labels", params={"q": q, "repository_id": id})

    found = await labels("feature", sim.repository.id)
    assert [label["name"] for label in found.json()["items"]] == ["enhancement"]
    found = await labels("good first", sim.repository.id)
    assert [label["name"] for label in found.json()["items"]] == ["good first issue"]
    assert (await labels("bug", 1)).status_code == 404
    assert (await writer.get("/search/labels?q=bug")).status_code == 404
    assert (await labels("", sim.repository.id)).status_code == 422


async def test_issues_that_are_switched_off_are_not_found(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    await opened(writer, "Alike")
    await proposed(sim, title="Alike")
    sim.repository.has_issues = False
    found = (await writer.get("/search/issues?q=Alike")).json()
    assert [item["number"] for item in found["items"]] == [2]
