"""What the tests of this folder share."""

from __future__ import annotations

import base64

import httpx

from bot.simulator.events import Event
from bot.simulator.identity.tokens import installation_token
from bot.simulator.records.accounts import Level
from tests.simulator.support import SHOP, Simulated


def heard_by(sim: Simulated) -> list[Event]:
    """Filled with what happens to refs from now on."""
    heard: list[Event] = []

    def hear(event: Event) -> None:
        if event.name in ("push", "create", "delete"):
            heard.append(event)

    sim.world.hub.listeners.append(hear)
    return heard


def app_token(sim: Simulated, **permissions: Level) -> str:
    """Of the App in its installation, with these permissions only."""
    now = sim.world.clock.now()
    return installation_token(sim.world.tables, sim.installation, permissions, None, now).value


def app_client(sim: Simulated, **permissions: Level) -> httpx.AsyncClient:
    return sim.client(app_token(sim, **permissions))


def head_of(sim: Simulated, branch: str = "main") -> str:
    sha = sim.world.git(sim.repository).ref(f"refs/heads/{branch}")
    assert sha is not None
    return sha


def as_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def put_file(
    sim: Simulated, path: str, text: str, branch: str = "main", login: str = "writer"
) -> str:
    """The sha of a new commit with a new file."""
    body = {"message": f"Add {path}", "content": as_base64(text), "branch": branch}
    answer = await sim.as_(login).put(f"{SHOP}/contents/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["commit"]["sha"])


async def make_branch(sim: Simulated, name: str, at: str = "main") -> str:
    sha = head_of(sim, at)
    body = {"ref": f"refs/heads/{name}", "sha": sha}
    answer = await sim.as_("writer").post(f"{SHOP}/git/refs", json=body)
    assert answer.status_code == 201, answer.text
    return sha
