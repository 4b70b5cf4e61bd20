"""What the tests of this folder share: judged clients, and short ways to set a scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx

from bot.simulator.events import Event
from bot.simulator.identity.tokens import installation_token
from bot.simulator.records.accounts import Level
from tests.simulator.judges.checking import problems_of
from tests.simulator.support import SHOP, Simulated


def judged(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client, each of whose answers must be as GitHub's description says."""

    async def judge(response: httpx.Response) -> None:
        await response.aread()
        problems = problems_of(response)
        assert not problems, (response.request.method, str(response.request.url), problems)

    client.event_hooks["response"].append(judge)
    return client


def app_client(sim: Simulated, **permissions: Level) -> httpx.AsyncClient:
    """The App in its installation, with these permissions only."""
    now = sim.world.clock.now()
    token = installation_token(sim.world.tables, sim.installation, permissions, None, now)
    return judged(sim.client(token.value))


async def opened(client: httpx.AsyncClient, title: str = "A bug", **fields: Any) -> dict[str, Any]:
    """A new issue."""
    answer = await client.post(f"{SHOP}/issues", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    issue: dict[str, Any] = answer.json()
    return issue


async def commented(client: httpx.AsyncClient, body: str, number: int = 1) -> dict[str, Any]:
    """A new comment."""
    answer = await client.post(f"{SHOP}/issues/{number}/comments", json={"body": body})
    assert answer.status_code == 201, answer.text
    comment: dict[str, Any] = answer.json()
    return comment


async def proposed(sim: Simulated, branch: str = "topic", **fields: Any) -> dict[str, Any]:
    """A new pull request by the writer, of a branch with one commit."""
    writer = sim.as_("writer")
    head = sim.world.git(sim.repository).ref("refs/heads/main")
    await writer.post(f"{SHOP}/git/refs", json={"ref": f"refs/heads/{branch}", "sha": head})
    file = {"message": "Add a file", "content": "aGk=", "branch": branch}
    await writer.put(f"{SHOP}/contents/{branch}.txt", json=file)
    body = {"title": "A change", "head": branch, "base": "main", **fields}
    answer = await writer.post(f"{SHOP}/pulls", json=body)
    assert answer.status_code == 201, answer.text
    pull: dict[str, Any] = answer.json()
    return pull


def told(heard: Iterable[Event]) -> list[str]:
    """As `issues opened`."""
    return [f"{event.name} {event.action}" for event in heard]


def error_of(answer: httpx.Response) -> Any:
    """The only error of a refusal."""
    [error] = answer.json()["errors"]
    return error
