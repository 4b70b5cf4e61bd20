"""Labels over REST: of the repository, and on issues."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.simulator.events import Event
from tests.simulator.rest.issues.stage import error_of, opened, told
from tests.simulator.support import SHOP

pytestmark = pytest.mark.anyio

LABELS = f"{SHOP}/labels"
ON_ISSUE = f"{SHOP}/issues/1/labels"


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [label["name"] for label in answer.json()]


async def test_a_label_is_made_edited_and_deleted(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    fields = {"name": "genesis: plan", "color": "0E8A16", "description": "Ours"}
    label = (await writer.post(LABELS, json=fields)).json()
    assert (label["color"], label["default"]) == ("0e8a16", False)
    address = f"{LABELS}/genesis:%20plan"
    assert (await writer.get(address)).json() == label
    wanted = {"new_name": "genesis/run", "color": "ffffff", "description": ""}
    changed = (await writer.patch(address, json=wanted)).json()
    assert (changed["id"], changed["description"]) == (label["id"], None)
    assert (await writer.get(address)).status_code == 404
    assert (await writer.get(f"{LABELS}/genesis%2Frun")).json() == changed
    assert (await writer.delete(f"{LABELS}/genesis%2Frun")).status_code == 204
    assert (await writer.get(f"{LABELS}/genesis%2Frun")).status_code == 404
    assert told(heard) == ["label created", "label edited", "label deleted"]
    assert heard[1].payload["changes"] == {
        "name": {"from": "genesis: plan"},
        "color": {"from": "0e8a16"},
        "description": {"from": "Ours"},
    }


async def test_a_repository_begins_with_nine(writer: httpx.AsyncClient) -> None:
    found = names(await writer.get(LABELS))
    assert len(found) == 9
    assert found[0] == "bug"
    assert names(await writer.get(f"{LABELS}?per_page=2&page=5")) == ["wontfix"]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"name": "BUG"}, "name", "already_exists"),
        ({"name": " "}, "name", "missing_field"),
        ({"name": "x", "color": "#0e8a16"}, "color", "invalid"),
        ({"name": "x", "color": "red"}, "color", "invalid"),
        ({"name": "x", "description": "d" * 101}, "description", "custom"),
    ],
)
async def test_a_label_is_one_of_its_kind(
    writer: httpx.AsyncClient, heard: list[Event], fields: Any, field: str, code: str
) -> None:
    answer = await writer.post(LABELS, json=fields)
    error = error_of(answer)
    assert (answer.status_code, error["field"], error["code"]) == (422, field, code)
    answer = await writer.patch(f"{LABELS}/question", json=fields | {"new_name": fields["name"]})
    assert answer.status_code == 422
    assert heard == []


async def test_a_label_may_change_the_case_of_its_name(writer: httpx.AsyncClient) -> None:
    answer = await writer.patch(f"{LABELS}/bug", json={"new_name": "Bug"})
    assert answer.json()["name"] == "Bug"


async def test_only_writers_make_labels(
    triager: httpx.AsyncClient, reader: httpx.AsyncClient, bot: httpx.AsyncClient
) -> None:
    for other in (triager, reader):
        assert (await other.post(LABELS, json={"name": "x"})).status_code == 403
        assert (await other.patch(f"{LABELS}/bug", json={"color": "000000"})).status_code == 403
        assert (await other.delete(f"{LABELS}/bug")).status_code == 403
    assert (await bot.post(LABELS, json={"name": "x"})).status_code == 201


async def test_a_deleted_label_is_off_every_issue(writer: httpx.AsyncClient) -> None:
    await opened(writer, labels=["bug", "question"])
    await writer.delete(f"{LABELS}/bug")
    assert names(await writer.get(ON_ISSUE)) == ["question"]


async def test_labels_are_put_on_an_issue_each_with_its_event(
    writer: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(writer, labels=["bug"])
    heard.clear()
    added = await writer.post(ON_ISSUE, json={"labels": ["bug", "question", "QUESTION", "new"]})
    assert names(added) == ["bug", "question", "new"]
    assert told(heard) == ["label created", "issues labeled", "issues labeled"]
    heard.clear()
    assert names(await writer.put(ON_ISSUE, json={"labels": [{"name": "new"}]})) == ["new"]
    assert told(heard) == ["issues unlabeled", "issues unlabeled"]
    heard.clear()
    assert (await writer.delete(ON_ISSUE)).status_code == 204
    assert told(heard) == ["issues unlabeled"]
    assert heard[0].payload["label"]["name"] == "new"
    assert heard[0].payload["issue"]["labels"] == []
    heard.clear()
    assert (await writer.delete(ON_ISSUE)).status_code == 204
    assert heard == []


async def test_a_bare_list_of_labels_will_do(sim: Any, writer: httpx.AsyncClient) -> None:
    await opened(writer)
    # GitHub takes it, though its description does not say so.
    unjudged = sim.as_("writer")
    assert names(await unjudged.post(ON_ISSUE, json=["bug", {"name": "new"}])) == ["bug", "new"]


@pytest.mark.parametrize("body", [{"labels": "bug"}, {"labels": [1]}, "bug", 7, {"labels": [{}]}])
async def test_labels_are_a_list_of_names(writer: httpx.AsyncClient, body: object) -> None:
    await opened(writer)
    assert (await writer.post(ON_ISSUE, json=body)).status_code == 422


async def test_a_label_is_taken_off_once(writer: httpx.AsyncClient, heard: list[Event]) -> None:
    await opened(writer, labels=["good first issue", "bug"])
    heard.clear()
    assert names(await writer.delete(f"{ON_ISSUE}/good%20first%20issue")) == ["bug"]
    for name in ("good%20first%20issue", "never"):
        answer = await writer.delete(f"{ON_ISSUE}/{name}")
        assert (answer.status_code, answer.json()["message"]) == (404, "Label does not exist")
    assert told(heard) == ["issues unlabeled"]


async def test_labels_of_an_issue_need_triage(
    triager: httpx.AsyncClient, reader: httpx.AsyncClient, heard: list[Event]
) -> None:
    await opened(reader)
    heard.clear()
    wanted = {"labels": ["bug"]}
    for answer in (
        await reader.post(ON_ISSUE, json=wanted),
        await reader.put(ON_ISSUE, json=wanted),
        await reader.delete(ON_ISSUE),
        await reader.delete(f"{ON_ISSUE}/bug"),
    ):
        assert answer.status_code == 403
    assert heard == []
    assert names(await triager.post(ON_ISSUE, json=wanted)) == ["bug"]


async def test_an_issue_has_100_labels_at_most(writer: httpx.AsyncClient) -> None:
    await opened(writer, labels=[f"label {n}" for n in range(100)])
    for labels in (["bug"], [f"other {n}" for n in range(101)]):
        answer = await writer.post(ON_ISSUE, json={"labels": labels})
        assert answer.status_code == 422
    assert len((await writer.get(f"{SHOP}/issues/1")).json()["labels"]) == 100
    assert (await writer.get(f"{LABELS}/other%200")).status_code == 404


async def test_a_renamed_label_keeps_its_place(writer: httpx.AsyncClient) -> None:
    before = names(await writer.get(f"{SHOP}/labels"))
    await writer.patch(f"{SHOP}/labels/{before[0]}", json={"new_name": "zzz"})
    assert names(await writer.get(f"{SHOP}/labels")) == ["zzz", *before[1:]]
