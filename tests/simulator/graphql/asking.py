"""Asking the simulator by GraphQL."""

from __future__ import annotations

from typing import Any

import httpx

from tests.simulator.judges.checking import problems_of
from tests.simulator.support import BASE, Simulated

URL = f"{BASE}/api/graphql"


async def ask(
    sim: Simulated, query: str, *, as_: str | httpx.AsyncClient = "writer", **variables: Any
) -> dict[str, Any]:
    """The whole answer, which is 200 also where fields were refused."""
    client = sim.as_(as_) if isinstance(as_, str) else as_
    answer = await client.post(URL, json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    assert problems_of(answer) == []
    found: dict[str, Any] = answer.json()
    return found


async def data(sim: Simulated, query: str, **arguments: Any) -> dict[str, Any]:
    """What was asked for, without any error."""
    answer = await ask(sim, query, **arguments)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]
    return found


async def error(sim: Simulated, query: str, **arguments: Any) -> dict[str, Any]:
    """The only error."""
    (found,) = (await ask(sim, query, **arguments))["errors"]
    told: dict[str, Any] = found
    return told
