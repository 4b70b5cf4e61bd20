"""Events of issues, and timelines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.simulator.options import Source
from bot.simulator.seed import add_repository
from tests.simulator.rest.issues.stage import commented, judged, opened, proposed
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

ISSUES = f"{SHOP}/issues"


async def entries(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{ISSUES}/{path}?per_page=100")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_everything_that_happens_leaves_its_entry(writer: httpx.AsyncClient) -> None:
    await writer.post(f"{SHOP}/milestones", json={"title": "Soon"})
    await opened(writer, labels=["bug"], assignees=["reader"], milestone=1)
    await commented(writer, "Hello")
    await writer.patch(f"{ISSUES}/1", json={"title": "Better", "state": "closed"})
    await writer.put(f"{ISSUES}/1/lock", json={"lock_reason": "resolved"})
    await writer.delete(f"{ISSUES}/1/lock")
    await writer.patch(f"{ISSUES}/1", json={"state": "open", "labels": [], "milestone": None})
    found = await entries(writer, "1/timeline")
    expected = ["labeled", "assigned", "milestoned", "commented", "renamed", "closed", "locked",
                "unlocked", "unlabeled", "demilestoned", "reopened"]  # fmt: skip
    assert [entry["event"] for entry in found] == expected
    by_name = {entry["event"]: entry for entry in found}
    assert by_name["labeled"]["label"] == {"name": "bug", "color": "d73a4a"}
    assert by_name["assigned"]["assignee"]["login"] == "reader"
    assert by_name["assigned"]["assigner"]["login"] == "writer"
    assert by_name["renamed"]["rename"] == {"from": "A bug", "to": "Better"}
    assert by_name["closed"]["state_reason"] == "completed"
    assert by_name["closed"]["actor"]["login"] == "writer"
    assert by_name["locked"]["lock_reason"] == "resolved"
    assert by_name["commented"]["body"] == "Hello"
    events = await entries(writer, "1/events")
    assert [entry["event"] for entry in events] == [e for e in expected if e != "commented"]


async def test_events_of_a_repository_come_newest_first_with_their_issue(
    writer: httpx.AsyncClient,
) -> None:
    await opened(writer, labels=["bug"])
    await opened(writer, labels=["question"])
    found = await entries(writer, "events")
    assert [(e["event"], e["issue"]["number"]) for e in found] == [("labeled", 2), ("labeled", 1)]
    one = await writer.get(f"{ISSUES}/events/{found[0]['id']}")
    assert one.json() == found[0]
    assert (await writer.get(f"{ISSUES}/events/1")).status_code == 404


async def test_who_is_named_elsewhere_learns_it_once(writer: httpx.AsyncClient) -> None:
    await opened(writer)
    await opened(writer, "Another", body="Like #1, see acme/shop#1 and `#1`, not #7")
    await commented(writer, "Still #1", 2)
    [entry] = await entries(writer, "1/timeline")
    assert entry["event"] == "cross-referenced"
    assert entry["source"]["issue"]["number"] == 2
    assert await entries(writer, "1/events") == []


async def test_an_issue_that_names_itself_is_no_reference(writer: httpx.AsyncClient) -> None:
    await opened(writer, body="This is #1")
    assert await entries(writer, "1/timeline") == []


async def test_people_who_are_named_are_subscribed_once(writer: httpx.AsyncClient) -> None:
    await opened(writer, body="@reader and @nobody and @acme")
    await commented(writer, "@reader?")
    events = await entries(writer, "1/events")
    assert [(e["event"], e["actor"]["login"]) for e in events] == [
        ("mentioned", "reader"),
        ("subscribed", "reader"),
    ]


async def test_a_reference_from_a_hidden_place_stays_hidden(
    sim: Simulated, shop: Path, writer: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    await opened(writer)
    source = Source(path=shop, name="secret")
    secret = await add_repository(sim.world, source, sim.world.clock.now())
    secret.private = True
    body = {"title": "x", "body": "acme/shop#1"}
    made = await sim.as_("admin").post("/repos/acme/secret/issues", json=body)
    assert made.status_code == 201
    assert await entries(outsider, "1/timeline") == []
    [entry] = await entries(judged(sim.as_("admin")), "1/timeline")
    assert entry["source"]["issue"]["repository"]["name"] == "secret"


async def test_the_timeline_of_a_pull_request_has_its_commits_and_reviews(
    sim: Simulated, writer: httpx.AsyncClient
) -> None:
    await proposed(sim)
    await sim.as_("maintainer").post(f"{SHOP}/pulls/1/reviews", json={"event": "APPROVE"})
    await commented(writer, "Thanks")
    merged = await writer.put(f"{SHOP}/pulls/1/merge", json={})
    assert merged.status_code == 200, merged.text
    found = await entries(writer, "1/timeline")
    names = [entry["event"] for entry in found]
    assert names[:3] == ["committed", "reviewed", "commented"]
    assert {"merged", "closed"} <= set(names[3:])
    assert found[0]["message"] == "Add a file"
    assert (found[1]["state"], found[1]["user"]["login"]) == ("approved", "maintainer")
    merging = next(entry for entry in found if entry["event"] == "merged")
    assert merging["commit_id"] == merged.json()["sha"]
    assert merging["commit_url"].endswith(f"/commits/{merged.json()['sha']}")


async def test_a_timeline_has_pages(writer: httpx.AsyncClient) -> None:
    await opened(writer, labels=["bug", "question"])
    answer = await writer.get(f"{ISSUES}/1/timeline?per_page=1")
    assert len(answer.json()) == 1
    following = await writer.get(answer.links["next"]["url"])
    assert following.json()[0]["label"]["name"] == "question"


async def test_a_relation_to_a_hidden_place_stays_hidden(
    sim: Simulated, shop: Path, writer: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    await opened(writer)
    source = Source(path=shop, name="secret")
    secret = await add_repository(sim.world, source, sim.world.clock.now())
    secret.private = True
    admin = sim.as_("admin")
    made = await admin.post("/repos/acme/secret/issues", json={"title": "Our secret"})
    blocked_by = f"{ISSUES}/1/dependencies/blocked_by"
    assert (await admin.post(blocked_by, json={"issue_id": made.json()["id"]})).status_code == 201
    (entry,) = await entries(judged(admin), "1/events")
    assert entry["blocked_by"]["title"] == "Our secret"
    assert await entries(outsider, "1/events") == []
    assert await entries(outsider, "1/timeline") == []
    assert await entries(outsider, "events") == []
    assert (await outsider.get(f"{ISSUES}/events/{entry['id']}")).status_code == 404
