"""Check runs over REST."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.simulator.identity.tokens import installation_token
from bot.simulator.records.accounts import Level
from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, propose
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio


def as_genesis(sim: Simulated, **permissions: Level) -> httpx.AsyncClient:
    granted = permissions or sim.installation.permissions
    now = sim.world.clock.now()
    token = installation_token(sim.world.tables, sim.installation, granted, None, now)
    return sim.client(token.value)


async def test_a_run_goes_from_queued_to_success(sim: Simulated) -> None:
    pull = await propose(sim)
    sha = pull["head"]["sha"]
    heard = Heard(sim)
    app = as_genesis(sim)
    made = await app.post(
        f"{SHOP}/check-runs", json={"name": "mix", "head_sha": sha, "status": "in_progress"}
    )
    assert made.status_code == 201, made.text
    assert problems_of(made) == []
    run: dict[str, Any] = made.json()
    assert [each["number"] for each in run["pull_requests"]] == [1]
    output = {"title": "Fine", "summary": "All of it"}
    done = await app.patch(
        f"{SHOP}/check-runs/{run['id']}", json={"conclusion": "success", "output": output}
    )
    assert done.status_code == 200, done.text
    assert problems_of(done) == []
    assert (done.json()["status"], done.json()["conclusion"]) == ("completed", "success")
    assert heard.kinds() == ["check_run/created", "check_run/completed", "check_suite/completed"]
    heard.payloads("check_run", "created")
    heard.payloads("check_suite", "completed")
    listed = await sim.as_("reader").get(f"{SHOP}/commits/feature/check-runs")
    assert problems_of(listed) == []
    assert listed.json()["total_count"] == 1
