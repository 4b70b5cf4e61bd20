"""Reactions over REST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from bot.simulator.events import Event
from bot.simulator.views.reactions import CONTENTS
from tests.simulator.rest.issues.stage import app_client, commented, opened, proposed
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

Scene = Callable[[Simulated, httpx.AsyncClient], Awaitable[str]]


async def issue(sim: Simulated, writer: httpx.AsyncClient) -> str:
    return f"{SHOP}/issues/{(await opened(writer))['number']}"


async def comment(sim: Simulated, writer: httpx.AsyncClient) -> str:
    await opened(writer)
    return f"{SHOP}/issues/comments/{(await commented(writer, 'x'))['id']}"


async def review_comment(sim: Simulated, writer: httpx.AsyncClient) -> str:
    pull = await proposed(sim)
    body = {
        "body": "x",
        "path": "topic.txt",
        "line": 1,
        "side": "RIGHT",
        "commit_id": pull["head"]["sha"],
    }
    answer = await writer.post(f"{SHOP}/pulls/1/comments", json=body)
    assert answer.status_code == 201, answer.text
    return f"{SHOP}/pulls/comments/{answer.json()['id']}"


@pytest.mark.parametrize("scene", [issue, comment, review_comment])
async def test_one_reacts_once_in_each_way_and_takes_it_back(
    sim: Simulated, writer: httpx.AsyncClient, reader: httpx.AsyncClient, scene: Scene,
    heard: list[Event],
) -> None:  # fmt: skip
    subject = await scene(sim, writer)
    heard.clear()
    first = await writer.post(f"{subject}/reactions", json={"content": "eyes"})
    again = await writer.post(f"{subject}/reactions", json={"content": "eyes"})
    other = await reader.post(f"{subject}/reactions", json={"content": "eyes"})
    more = await writer.post(f"{subject}/reactions", json={"content": "rocket"})
    assert [answer.status_code for answer in (first, again, other, more)] == [201, 200, 201, 201]
    assert first.json() == again.json()
    rollup = (await writer.get(subject)).json()["reactions"]
    assert {k: v for k, v in rollup.items() if v and k != "url"} == {
        "total_count": 3,
        "eyes": 2,
        "rocket": 1,
    }
    assert rollup["url"].endswith(f"{subject}/reactions")
    found = (await writer.get(f"{subject}/reactions?content=eyes")).json()
    assert [reaction["user"]["login"] for reaction in found] == ["writer", "reader"]
    one = f"{subject}/reactions/{first.json()['id']}"
    assert (await reader.delete(one)).status_code == 403
    assert (await writer.delete(one)).status_code == 204
    assert (await writer.delete(one)).status_code == 404
    assert len((await writer.get(f"{subject}/reactions")).json()) == 2
    assert heard == []


async def test_each_content_there_is(writer: httpx.AsyncClient) -> None:
    await opened(writer)
    for content in CONTENTS:
        answer = await writer.post(f"{SHOP}/issues/1/reactions", json={"content": content})
        assert answer.json()["content"] == content
    answer = await writer.post(f"{SHOP}/issues/1/reactions", json={"content": "shrug"})
    assert answer.status_code == 422


async def test_a_reaction_belongs_to_its_subject(writer: httpx.AsyncClient) -> None:
    await opened(writer)
    await opened(writer)
    made = await writer.post(f"{SHOP}/issues/1/reactions", json={"content": "heart"})
    assert (
        await writer.delete(f"{SHOP}/issues/2/reactions/{made.json()['id']}")
    ).status_code == 404


async def test_an_app_reacts_with_its_permission(
    sim: Simulated, writer: httpx.AsyncClient, bot: httpx.AsyncClient
) -> None:
    await opened(writer)
    made = await bot.post(f"{SHOP}/issues/1/reactions", json={"content": "eyes"})
    assert made.json()["user"]["login"] == "otp-genesis[bot]"
    blind = app_client(sim, contents="write")
    assert (
        await blind.post(f"{SHOP}/issues/1/reactions", json={"content": "+1"})
    ).status_code == 403


async def test_in_a_locked_conversation_outsiders_do_not_react(
    writer: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    await opened(writer)
    await writer.put(f"{SHOP}/issues/1/lock")
    body = {"content": "-1"}
    assert (await reader.post(f"{SHOP}/issues/1/reactions", json=body)).status_code == 403
    assert (await writer.post(f"{SHOP}/issues/1/reactions", json=body)).status_code == 201


async def test_a_comment_of_a_pending_review_is_its_authors_alone(
    sim: Simulated, writer: httpx.AsyncClient, triager: httpx.AsyncClient
) -> None:
    await proposed(sim)
    remark = {"path": "topic.txt", "body": "Hm", "line": 1}
    made = await triager.post(f"{SHOP}/pulls/1/reviews", json={"comments": [remark]})
    assert made.status_code == 200, made.text
    (comment,) = sim.world.tables.review_comments
    path = f"{SHOP}/pulls/comments/{comment.id}/reactions"
    assert (await writer.get(path)).status_code == 404
    assert (await writer.post(path, json={"content": "eyes"})).status_code == 404
    assert (await triager.post(path, json={"content": "eyes"})).status_code == 201
    await triager.delete(f"{SHOP}/pulls/1/reviews/{made.json()['id']}")
    assert list(sim.world.tables.reactions) == []
