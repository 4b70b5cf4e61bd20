"""Milestones over REST."""

from __future__ import annotations

import httpx
import pytest

from bot.simulator.events import Event
from tests.simulator.rest.issues.stage import error_of, opened, told
from tests.simulator.support import SHOP

pytestmark = pytest.mark.anyio

MILESTONES = f"{SHOP}/milestones"


async def test_a_milestone_is_made_edited_closed_opened_and_deleted(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    fields = {"title": "1.0", "description": "First", "due_on": "2027-01-31T08:00:00Z"}
    milestone = (await writer.post(MILESTONES, json=fields)).json()
    assert (milestone["number"], milestone["due_on"]) == (1, "2027-01-31T08:00:00Z")
    address = f"{MILESTONES}/1"
    await writer.patch(address, json={"title": "2.0", "due_on": "2027-02-28T08:00:00Z"})
    assert (await writer.patch(address, json={"state": "closed"})).json()["closed_at"] is not None
    assert (await writer.patch(address, json={"state": "open"})).json()["closed_at"] is None
    assert (await writer.get(address)).json()["title"] == "2.0"
    assert (await writer.delete(address)).status_code == 204
    assert (await writer.get(address)).status_code == 404
    actions = ("created", "edited", "closed", "opened", "deleted")
    assert told(heard) == [f"milestone {action}" for action in actions]
    assert heard[1].payload["changes"] == {
        "title": {"from": "1.0"},
        "due_on": {"from": "2027-01-31T08:00:00Z"},
    }


async def test_it_counts_its_issues_and_lets_them_go(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await writer.post(MILESTONES, json={"title": "1.0"})
    await opened(writer, milestone=1, labels=["bug"])
    await opened(writer, milestone=1, labels=["bug", "question"])
    await writer.patch(f"{SHOP}/issues/2", json={"state": "closed"})
    milestone = (await writer.get(f"{MILESTONES}/1")).json()
    assert (milestone["open_issues"], milestone["closed_issues"]) == (1, 1)
    labels = (await writer.get(f"{MILESTONES}/1/labels")).json()
    assert [label["name"] for label in labels] == ["bug", "question"]
    heard.clear()
    await writer.delete(f"{MILESTONES}/1")
    assert told(heard) == ["issues demilestoned", "issues demilestoned", "milestone deleted"]
    assert (await writer.get(f"{SHOP}/issues/1")).json()["milestone"] is None


async def test_lists_are_by_due_date_or_completeness(writer: httpx.AsyncClient) -> None:
    for title, due in (("never", None), ("late", "2028-01-01"), ("soon", "2027-01-01")):
        fields = {"title": title} | ({} if due is None else {"due_on": f"{due}T00:00:00Z"})
        await writer.post(MILESTONES, json=fields)
    await writer.post(MILESTONES, json={"title": "done", "state": "closed"})
    await opened(writer, milestone=2)
    await writer.patch(f"{SHOP}/issues/1", json={"state": "closed"})

    async def titles(query: str) -> list[str]:
        return [m["title"] for m in (await writer.get(f"{MILESTONES}?{query}")).json()]

    assert await titles("") == ["soon", "late", "never"]
    assert await titles("direction=desc") == ["never", "late", "soon"]
    assert await titles("state=closed") == ["done"]
    assert len(await titles("state=all")) == 4
    assert (await titles("sort=completeness&direction=desc"))[0] == "late"


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"title": ""}, "missing_field"), ({"title": "1.0"}, "already_exists")],
)
async def test_a_title_is_there_and_its_own(
    writer: httpx.AsyncClient, fields: object, code: str
) -> None:
    await writer.post(MILESTONES, json={"title": "1.0"})
    answer = await writer.post(MILESTONES, json=fields)
    assert (answer.status_code, error_of(answer)["code"]) == (422, code)
    assert len((await writer.get(MILESTONES)).json()) == 1


async def test_a_date_is_a_date(writer: httpx.AsyncClient) -> None:
    answer = await writer.post(MILESTONES, json={"title": "x", "due_on": "soon"})
    assert answer.status_code == 422


async def test_only_writers_plan(triager: httpx.AsyncClient, heard: list[Event]) -> None:
    assert (await triager.post(MILESTONES, json={"title": "x"})).status_code == 403
    assert heard == []
