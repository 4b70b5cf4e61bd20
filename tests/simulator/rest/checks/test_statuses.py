"""Commit statuses over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, as_genesis, commit, main_of
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio


async def say(sim: Simulated, state: str, context: str | None = None) -> None:
    body = {"state": state} | ({} if context is None else {"context": context})
    made = await sim.as_("writer").post(f"{SHOP}/statuses/{main_of(sim)}", json=body)
    assert made.status_code == 201, made.text
    assert problems_of(made) == []


async def combined(sim: Simulated, ref: str = "main") -> dict[str, Any]:
    answer = await sim.as_("reader").get(f"{SHOP}/commits/{ref}/status")
    assert answer.status_code == 200, answer.text
    assert problems_of(answer) == []
    found: dict[str, Any] = answer.json()
    return found


async def test_statuses_are_combined(sim: Simulated) -> None:
    assert ((await combined(sim))["state"], (await combined(sim))["total_count"]) == ("pending", 0)
    await say(sim, "pending")
    await say(sim, "success", "mix")
    assert (await combined(sim))["state"] == "pending"
    await say(sim, "success")
    assert (await combined(sim))["state"] == "success"
    await say(sim, "error", "credo")
    found = await combined(sim)
    assert (found["state"], found["total_count"]) == ("failure", 3)
    assert {s["context"]: s["state"] for s in found["statuses"]} == {
        "default": "success",
        "mix": "success",
        "credo": "error",
    }
    listed = await sim.as_("reader").get(f"{SHOP}/commits/main/statuses")
    assert problems_of(listed) == []
    assert [s["state"] for s in listed.json()] == ["error", "success", "success", "pending"]


async def test_a_status_is_told_of(sim: Simulated) -> None:
    sha = await commit(sim, "a/b", {"a": "1\n"})
    heard = Heard(sim)
    body = {
        "state": "failure",
        "context": "mix",
        "description": "Two tests failed",
        "target_url": "https://ci.test/1",
    }
    await sim.as_("writer").post(f"{SHOP}/statuses/{sha}", json=body)
    told = heard.payload("status")
    assert (told["sha"], told["state"], told["context"]) == (sha, "failure", "mix")
    assert [branch["name"] for branch in told["branches"]] == ["a/b"]
    assert (await combined(sim, "a/b"))["state"] == "failure"


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "done"},
        {},
        {"state": "success", "description": "x" * 141},
        {"state": "success", "context": "x" * 256},
        {"state": "success", "target_url": "javascript:alert(1)"},
    ],
)
async def test_bad_statuses_are_refused(sim: Simulated, wrong: dict[str, Any]) -> None:
    answer = await sim.as_("writer").post(f"{SHOP}/statuses/{main_of(sim)}", json=wrong)
    assert answer.status_code == 422
    assert problems_of(answer) == []
    assert len(sim.world.tables.statuses) == 0


async def test_a_status_is_of_a_commit_and_from_who_may_write(sim: Simulated) -> None:
    body = {"state": "success"}
    for sha in ("f" * 40, "main", "abc"):
        answer = await sim.as_("writer").post(f"{SHOP}/statuses/{sha}", json=body)
        assert answer.status_code == 422
        assert answer.json()["message"] == f"No commit found for SHA: {sha}"
    path = f"{SHOP}/statuses/{main_of(sim)}"
    assert (await sim.as_("reader").post(path, json=body)).status_code == 403
    assert (await sim.client().post(path, json=body)).status_code == 401
    assert (await as_genesis(sim, statuses="read").post(path, json=body)).status_code == 403
    assert (await as_genesis(sim, statuses="write").post(path, json=body)).status_code == 201
