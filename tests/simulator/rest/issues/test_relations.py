"""Sub-issues and dependencies over REST."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.simulator.domain.issues.issues import Draft, open_issue
from bot.simulator.events import Event
from bot.simulator.identity.caller import Caller
from bot.simulator.options import Source
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.seed import account, add_repository
from tests.simulator.rest.issues.stage import app_client, error_of, opened, proposed, told
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


async def ids(writer: httpx.AsyncClient, count: int) -> list[int]:
    """Of as many new issues; the first has the number 1."""
    return [(await opened(writer, f"Issue {n + 1}"))["id"] for n in range(count)]


def made(sim: Simulated, count: int, repository: Repository | None = None) -> list[Issue]:
    """As many new issues, without going through REST."""
    caller = Caller(actor=sim.world.tables.accounts.one("login", "writer"))
    there = repository or sim.repository
    return [open_issue(sim.world, caller, there, Draft(f"Issue {n + 1}")) for n in range(count)]


async def add(client: httpx.AsyncClient, parent: int, id: int, **more: Any) -> httpx.Response:
    body = {"sub_issue_id": id, **more}
    return await client.post(f"{ISSUES}/{parent}/sub_issues", json=body)


async def numbers(client: httpx.AsyncClient, path: str) -> list[int]:
    answer = await client.get(f"{ISSUES}/{path}")
    assert answer.status_code == 200, answer.text
    return [issue["number"] for issue in answer.json()]


async def test_a_sub_issue_is_added_and_removed_and_both_sides_are_told(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    parent, child = await ids(writer, 2)
    heard.clear()
    answer = await add(writer, 1, child)
    assert answer.status_code == 201
    summary = {"total": 1, "completed": 0, "percent_completed": 0}
    assert answer.json()["sub_issues_summary"] == summary
    assert await numbers(writer, "1/sub_issues") == [2]
    assert (await writer.get(f"{ISSUES}/2/parent")).json()["id"] == parent
    assert (await writer.get(f"{ISSUES}/2")).json()["parent_issue_url"].endswith("/issues/1")
    assert told(heard) == ["sub_issues sub_issue_added", "sub_issues parent_issue_added"]
    assert heard[0].payload["sub_issue_id"] == child
    assert heard[0].payload["sub_issue_repo"]["full_name"] == "acme/shop"
    assert heard[1].payload["parent_issue_id"] == parent
    heard.clear()
    body = {"sub_issue_id": child}
    assert (await writer.request("DELETE", f"{ISSUES}/1/sub_issue", json=body)).status_code == 200
    assert (await writer.request("DELETE", f"{ISSUES}/1/sub_issue", json=body)).status_code == 404
    assert (await writer.get(f"{ISSUES}/2/parent")).status_code == 404
    assert told(heard) == ["sub_issues sub_issue_removed", "sub_issues parent_issue_removed"]
    for number, kind in ((1, "sub_issue"), (2, "parent_issue")):
        entries = (await writer.get(f"{ISSUES}/{number}/timeline")).json()
        assert [entry["event"] for entry in entries] == [f"{kind}_added", f"{kind}_removed"]
        assert entries[0][kind]["number"] == 3 - number


async def test_closed_sub_issues_are_completed(writer: httpx.AsyncClient) -> None:
    for id in (await ids(writer, 4))[1:]:
        await add(writer, 1, id)
    await writer.patch(f"{ISSUES}/2", json={"state": "closed"})
    summary = (await writer.get(f"{ISSUES}/1")).json()["sub_issues_summary"]
    assert summary == {"total": 3, "completed": 1, "percent_completed": 33}


async def test_it_is_the_id_that_counts_not_the_number(writer: httpx.AsyncClient) -> None:
    await ids(writer, 2)
    answer = await add(writer, 1, 2)
    assert answer.status_code == 404
    assert answer.json()["message"] == "The provided sub-issue does not exist"


async def test_an_issue_has_one_parent_unless_it_is_replaced(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    _, _, child = await ids(writer, 3)
    await add(writer, 1, child)
    heard.clear()
    for parent, more in ((1, {}), (2, {}), (1, {"replace_parent": True})):
        answer = await add(writer, parent, child, **more)
        assert answer.status_code == 422
        assert "may only have one parent" in answer.json()["message"]
    assert heard == []
    assert (await add(writer, 2, child, replace_parent=True)).status_code == 201
    assert await numbers(writer, "1/sub_issues") == []
    assert await numbers(writer, "2/sub_issues") == [3]
    assert [event.action for event in heard] == [
        "sub_issue_removed",
        "parent_issue_removed",
        "sub_issue_added",
        "parent_issue_added",
    ]


async def test_sub_issues_are_a_tree(writer: httpx.AsyncClient, heard: list[Event]) -> None:
    one, two, three = await ids(writer, 3)
    await add(writer, 1, two)
    await add(writer, 2, three)
    heard.clear()
    for parent, child in ((1, one), (2, one), (3, one)):
        assert (await add(writer, parent, child)).status_code == 422
    assert (await add(writer, 3, two, replace_parent=True)).status_code == 422
    assert heard == []
    assert await numbers(writer, "1/sub_issues") == [2]


async def test_a_parent_has_100_sub_issues_even_closed_ones(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    _, *children = made(sim, 102)
    for child in children[:100]:
        assert (await add(writer, 1, child.id)).status_code == 201
    await writer.patch(f"{ISSUES}/2", json={"state": "closed"})
    answer = await add(writer, 1, children[100].id)
    assert answer.status_code == 422
    assert "Parent cannot have more than 100 sub-issues" in answer.json()["message"]
    assert (await writer.get(f"{ISSUES}/1")).json()["sub_issues_summary"]["total"] == 100


async def test_sub_issues_go_8_levels_deep(sim: Simulated, writer: httpx.AsyncClient) -> None:
    issues = made(sim, 12)
    for above, below in pairwise(issues[:9]):
        assert (await add(writer, above.number, below.id)).status_code == 201
    assert (await add(writer, 9, issues[9].id)).status_code == 422
    await add(writer, 11, issues[11].id)
    assert (await add(writer, 8, issues[10].id)).status_code == 422
    assert (await add(writer, 7, issues[10].id)).status_code == 201


async def test_sub_issues_may_be_of_another_repository_of_the_owner(
    sim: Simulated, shop: Path, writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    now = sim.world.clock.now()
    [parent] = made(sim, 1)
    near = await add_repository(sim.world, Source(path=shop, name="tools"), now)
    far = await add_repository(sim.world, Source(path=shop, owner="other", name="shop"), now)
    [child], [stranger] = made(sim, 1, near), made(sim, 1, far)
    heard.clear()
    assert (await add(writer, parent.number, child.id)).status_code == 201
    added, parented = heard
    assert added.payload["repository"]["full_name"] == "acme/shop"
    assert added.payload["sub_issue_repo"]["full_name"] == "acme/tools"
    assert parented.payload["repository"]["full_name"] == "acme/tools"
    answer = await add(writer, parent.number, stranger.id)
    assert answer.status_code == 422
    assert "same owner" in answer.json()["message"]
    near.private = True
    near_people = sim.world.tables.collaborators.where("repository", near.id)
    reader = account(sim.world, "reader", "User", now)
    for member in near_people:
        if member.account_id == reader.id:
            sim.world.tables.collaborators.remove(member)
    assert await numbers(sim.as_("reader"), "1/sub_issues") == []


async def test_a_pull_request_is_in_no_relation(
    sim: Simulated, writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await proposed(sim)
    issue = await opened(writer)
    pull = (await writer.get(f"{ISSUES}/1")).json()
    heard.clear()
    for number, id in ((1, issue["id"]), (2, pull["id"])):
        assert (await add(writer, number, id)).status_code == 422
        path = f"{ISSUES}/{number}/dependencies/blocked_by"
        answer = await writer.post(path, json={"issue_id": id})
        assert answer.status_code == 422
        assert answer.json()["message"] == "Target issue may only be an issue"
    assert heard == []


async def test_sub_issues_are_put_in_order(writer: httpx.AsyncClient) -> None:
    _, two, three, four, other = await ids(writer, 5)
    for id in (two, three, four):
        await add(writer, 1, id)

    async def move(**body: int) -> int:
        answer = await writer.patch(f"{ISSUES}/1/sub_issues/priority", json=body)
        return answer.status_code

    assert await move(sub_issue_id=four, before_id=two) == 200
    assert await numbers(writer, "1/sub_issues") == [4, 2, 3]
    assert await move(sub_issue_id=four, after_id=two) == 200
    assert await numbers(writer, "1/sub_issues") == [2, 4, 3]
    assert await move(sub_issue_id=two, after_id=three) == 200
    assert await numbers(writer, "1/sub_issues") == [4, 3, 2]
    assert await move(sub_issue_id=two) == 422
    assert await move(sub_issue_id=two, after_id=three, before_id=four) == 422
    assert await move(sub_issue_id=two, after_id=two) == 422
    assert await move(sub_issue_id=other, after_id=two) == 404
    assert await move(sub_issue_id=two, after_id=other) == 404
    assert await numbers(writer, "1/sub_issues") == [4, 3, 2]


async def test_one_issue_waits_for_another_and_both_sides_are_told(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    one, two = await ids(writer, 2)
    heard.clear()
    blocked = f"{ISSUES}/1/dependencies/blocked_by"
    answer = await writer.post(blocked, json={"issue_id": two})
    assert answer.status_code == 201
    assert await numbers(writer, "1/dependencies/blocked_by") == [2]
    assert await numbers(writer, "2/dependencies/blocking") == [1]
    summary = (await writer.get(f"{ISSUES}/2")).json()["issue_dependencies_summary"]
    assert summary == {"blocked_by": 0, "blocking": 1, "total_blocked_by": 0, "total_blocking": 1}
    actions = ["blocked_by_added", "blocking_added"]
    assert told(heard) == [f"issue_dependencies {action}" for action in actions]
    assert (heard[0].payload["blocked_issue_id"], heard[0].payload["blocking_issue_id"]) == (
        one,
        two,
    )
    assert "blocking_issue_repo" in heard[0].payload
    assert "blocked_issue_repo" in heard[1].payload
    await writer.patch(f"{ISSUES}/2", json={"state": "closed"})
    summary = (await writer.get(f"{ISSUES}/1")).json()["issue_dependencies_summary"]
    assert summary == {"blocked_by": 0, "blocking": 0, "total_blocked_by": 1, "total_blocking": 0}
    heard.clear()
    assert (await writer.delete(f"{blocked}/{two}")).status_code == 200
    assert (await writer.delete(f"{blocked}/{two}")).status_code == 404
    actions = ["blocked_by_removed", "blocking_removed"]
    assert told(heard) == [f"issue_dependencies {action}" for action in actions]
    entries = (await writer.get(f"{ISSUES}/1/timeline")).json()
    assert [entry["event"] for entry in entries] == ["blocked_by_added", "blocked_by_removed"]
    assert entries[0]["blocked_by"]["number"] == 2


async def test_waiting_goes_in_no_circle(writer: httpx.AsyncClient, heard: list[Event]) -> None:
    one, two, three = await ids(writer, 3)
    for blocked, id in ((1, two), (2, three)):
        path = f"{ISSUES}/{blocked}/dependencies/blocked_by"
        assert (await writer.post(path, json={"issue_id": id})).status_code == 201
    heard.clear()
    for blocked, id in ((1, one), (1, two), (2, one), (3, one)):
        path = f"{ISSUES}/{blocked}/dependencies/blocked_by"
        answer = await writer.post(path, json={"issue_id": id})
        assert (answer.status_code, error_of(answer)["field"]) == (422, "issue_id")
    answer = await writer.post(f"{ISSUES}/3/dependencies/blocked_by", json={"issue_id": 4})
    assert answer.status_code == 404
    assert heard == []


async def test_an_issue_waits_for_50_others_at_most(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    first, *others = made(sim, 52)
    path = f"{ISSUES}/{first.number}/dependencies/blocked_by"
    statuses = [
        (await writer.post(path, json={"issue_id": other.id})).status_code for other in others
    ]
    assert statuses == [201] * 50 + [422]


async def test_relations_need_triage(
    sim: Simulated, reader: httpx.AsyncClient, triager: httpx.AsyncClient, heard: list[Event]
) -> None:
    _, two = await ids(reader, 2)
    heard.clear()
    path = f"{ISSUES}/1/dependencies/blocked_by"
    assert (await add(reader, 1, two)).status_code == 403
    assert (await reader.post(path, json={"issue_id": two})).status_code == 403
    assert (await add(app_client(sim, issues="read"), 1, two)).status_code == 403
    assert heard == []
    assert (await add(triager, 1, two)).status_code == 201
    assert (await triager.post(path, json={"issue_id": two})).status_code == 201


async def test_an_app_plans_with_its_permission(
    bot: httpx.AsyncClient, writer: httpx.AsyncClient
) -> None:
    _, two = await ids(writer, 2)
    assert (await add(bot, 1, two)).status_code == 201
    path = f"{ISSUES}/1/dependencies/blocked_by"
    assert (await bot.post(path, json={"issue_id": two})).status_code == 201
