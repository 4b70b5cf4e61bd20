"""Assignees over REST."""

from __future__ import annotations

import httpx
import pytest

from bot.simulator.events import Event
from tests.simulator.rest.issues.stage import commented, opened, told
from tests.simulator.support import SHOP

pytestmark = pytest.mark.anyio

ON_ISSUE = f"{SHOP}/issues/1/assignees"


def logins(answer: httpx.Response) -> list[str]:
    return [person["login"] for person in answer.json()["assignees"]]


async def test_who_has_a_role_can_be_assigned(writer: httpx.AsyncClient) -> None:
    people = (await writer.get(f"{SHOP}/assignees")).json()
    assert [person["login"] for person in people] == [
        "admin", "maintainer", "writer", "triager", "reader",
    ]  # fmt: skip
    assert (await writer.get(f"{SHOP}/assignees/Reader")).status_code == 204
    for other in ("outsider", "nobody", "otp-genesis[bot]", "acme"):
        assert (await writer.get(f"{SHOP}/assignees/{other}")).status_code == 404


async def test_who_wrote_in_an_issue_can_be_assigned_to_it(
    writer: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    await opened(writer)
    assert (await writer.get(f"{ON_ISSUE}/outsider")).status_code == 404
    await commented(outsider, "Me, please")
    assert (await writer.get(f"{ON_ISSUE}/outsider")).status_code == 204
    assert logins(await writer.post(ON_ISSUE, json={"assignees": ["outsider"]})) == ["outsider"]


async def test_people_are_assigned_and_unassigned_each_with_its_event(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer, assignees=["writer"])
    heard.clear()
    wanted = {"assignees": ["writer", "reader", "nobody", "triager"]}
    answer = await writer.post(ON_ISSUE, json=wanted)
    assert (answer.status_code, logins(answer)) == (201, ["writer", "reader", "triager"])
    assert told(heard) == ["issues assigned", "issues assigned"]
    heard.clear()
    answer = await writer.request("DELETE", ON_ISSUE, json={"assignees": ["writer", "admin"]})
    assert (answer.status_code, logins(answer)) == (200, ["reader", "triager"])
    assert answer.json()["assignee"]["login"] == "reader"
    assert told(heard) == ["issues unassigned"]
    assert heard[0].payload["assignee"]["login"] == "writer"


async def test_who_may_not_assign_is_not_heard(
    reader: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(reader)
    heard.clear()
    answer = await reader.post(ON_ISSUE, json={"assignees": ["reader"]})
    assert (answer.status_code, logins(answer)) == (201, [])
    assert heard == []
