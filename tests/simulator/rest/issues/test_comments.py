"""Comments over REST."""

from __future__ import annotations

import httpx
import pytest

from bot.simulator.events import Event
from tests.simulator.rest.issues.stage import commented, error_of, judged, opened, proposed, told
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


async def test_a_comment_is_made_edited_and_deleted(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer)
    heard.clear()
    comment = await commented(writer, "First")
    assert comment["html_url"].endswith(f"/acme/shop/issues/1#issuecomment-{comment['id']}")
    assert (await writer.get(f"{ISSUES}/1")).json()["comments"] == 1
    address = f"{ISSUES}/comments/{comment['id']}"
    edited = await writer.patch(address, json={"body": "Second"})
    assert edited.json()["body"] == "Second"
    assert (await writer.get(address)).json()["body"] == "Second"
    assert (await writer.delete(address)).status_code == 204
    assert (await writer.get(address)).status_code == 404
    assert (await writer.get(f"{ISSUES}/1")).json()["comments"] == 0
    assert told(heard) == [f"issue_comment {done}" for done in ("created", "edited", "deleted")]
    assert heard[0].payload["issue"]["comments"] == 1
    assert heard[1].payload["changes"] == {"body": {"from": "First"}}
    assert heard[2].payload["comment"]["body"] == "Second"


async def test_the_same_text_is_no_edit(writer: httpx.AsyncClient, heard: list[Event]) -> None:
    await opened(writer)
    comment = await commented(writer, "Same")
    heard.clear()
    answer = await writer.patch(f"{ISSUES}/comments/{comment['id']}", json={"body": "Same"})
    assert answer.status_code == 200
    assert heard == []


async def test_everybody_comments_but_edits_only_their_own(
    writer: httpx.AsyncClient,
    reader: httpx.AsyncClient,
    outsider: httpx.AsyncClient,
    triager: httpx.AsyncClient,
    heard: list[Event],
) -> None:
    await opened(writer)
    address = f"{ISSUES}/comments/{(await commented(outsider, 'Hello'))['id']}"
    heard.clear()
    for other in (reader, triager):
        assert (await other.patch(address, json={"body": "x"})).status_code == 403
        assert (await other.delete(address)).status_code == 403
    assert heard == []
    assert (await outsider.patch(address, json={"body": "Hi"})).status_code == 200
    assert (await writer.patch(address, json={"body": "Moderated"})).status_code == 200
    assert (await writer.delete(address)).status_code == 204


async def test_nobody_comments_nothing(sim: Simulated, writer: httpx.AsyncClient) -> None:
    await opened(writer)
    nobody = judged(sim.client())
    answer = await nobody.post(f"{ISSUES}/1/comments", json={"body": "x"})
    assert answer.status_code == 401
    assert answer.json()["message"] == "Requires authentication"


@pytest.mark.parametrize("body", ["", " \n"])
async def test_a_comment_says_something(writer: httpx.AsyncClient, body: str) -> None:
    await opened(writer)
    answer = await writer.post(f"{ISSUES}/1/comments", json={"body": body})
    assert (answer.status_code, error_of(answer)["field"]) == (422, "data")
    assert (await writer.get(f"{ISSUES}/1/comments")).json() == []


async def test_a_comment_has_65536_characters_at_most(writer: httpx.AsyncClient) -> None:
    await opened(writer)
    comment = await commented(writer, "ä" * 65_536)
    for answer in (
        await writer.post(f"{ISSUES}/1/comments", json={"body": "ä" * 65_537}),
        await writer.patch(f"{ISSUES}/comments/{comment['id']}", json={"body": "ä" * 65_537}),
    ):
        assert answer.status_code == 422
        assert error_of(answer) == {
            "resource": "IssueComment",
            "code": "unprocessable",
            "field": "data",
            "message": "Body is too long (maximum is 65536 characters)",
        }


@pytest.mark.parametrize("body", [{}, {"body": None}, {"body": 1}])
async def test_the_body_is_a_text(writer: httpx.AsyncClient, body: object) -> None:
    await opened(writer)
    answer = await writer.post(f"{ISSUES}/1/comments", json=body)
    assert answer.status_code == 422


async def test_in_a_locked_conversation_only_people_with_write_go_on(
    writer: httpx.AsyncClient,
    reader: httpx.AsyncClient,
    bot: httpx.AsyncClient,
    heard: list[Event],
) -> None:
    await opened(reader)
    await writer.put(f"{ISSUES}/1/lock")
    heard.clear()
    for other in (reader, bot):
        answer = await other.post(f"{ISSUES}/1/comments", json={"body": "x"})
        assert answer.status_code == 403
        message = "Unable to create comment because issue is locked."
        assert answer.json()["message"] == message
    assert heard == []
    await commented(writer, "Still here")


async def test_lists_are_in_the_order_of_writing(sim: Simulated, writer: httpx.AsyncClient) -> None:
    await opened(writer)
    await opened(writer)
    first = await commented(writer, "a", 1)
    sim.world.clock.advance(60)
    second = await commented(writer, "b", 2)
    sim.world.clock.advance(60)
    await writer.patch(f"{ISSUES}/comments/{first['id']}", json={"body": "a, edited"})

    async def bodies(path: str) -> list[str]:
        return [comment["body"] for comment in (await writer.get(ISSUES + path)).json()]

    assert await bodies("/1/comments") == ["a, edited"]
    assert await bodies("/comments") == ["a, edited", "b"]
    assert await bodies("/comments?sort=created") == ["b", "a, edited"]
    assert await bodies("/comments?sort=created&direction=asc") == ["a, edited", "b"]
    assert await bodies("/comments?sort=updated") == ["a, edited", "b"]
    since = second["updated_at"].replace("Z", "+00:00").replace("+", "%2B")
    assert await bodies(f"/comments?since={since}") == ["a, edited", "b"]
    assert await bodies("/2/comments?since=2100-01-01T00:00:00Z") == []
    assert (await writer.get(f"{ISSUES}/1/comments?since=never")).status_code == 422


async def test_a_pull_request_is_commented_on_as_an_issue(
    sim: Simulated, writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await proposed(sim)
    heard.clear()
    comment = await commented(writer, "Nice")
    assert "/pull/1#issuecomment-" in comment["html_url"]
    assert told(heard) == ["issue_comment created"]
    assert "pull_request" in heard[0].payload["issue"]


async def test_a_comment_is_found_in_its_repository_only(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    await opened(writer)
    comment = await commented(writer, "x")
    sim.repository.private = True
    answer = await judged(sim.as_("outsider")).get(f"{ISSUES}/comments/{comment['id']}")
    assert answer.status_code == 404
    assert (await writer.get(f"{ISSUES}/comments/1")).status_code == 404
