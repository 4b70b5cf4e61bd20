"""Branches, pull requests and what is told of them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from bot.simulator.domain.repositories.refs import change_refs
from bot.simulator.events import Event
from bot.simulator.git import RefChange, TreeEdit
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.emails import person_of
from bot.simulator.identity.tokens import installation_token
from bot.simulator.records.accounts import Level
from bot.simulator.records.repositories import Repository
from tests.simulator.judges.checking import problems_of_payload
from tests.simulator.judges.deviations import Deviation, Deviations
from tests.simulator.support import SHOP, Simulated


def caller_of(sim: Simulated, login: str) -> Caller:
    account = sim.world.tables.accounts.one("login", login)
    assert account is not None
    return Caller(actor=account, token=sim.world.tables.tokens.one("account", account.id))


def as_genesis(sim: Simulated, **permissions: Level) -> httpx.AsyncClient:
    """A client with a token of the App, for all it was granted or for these permissions."""
    granted = permissions or sim.installation.permissions
    now = sim.world.clock.now()
    token = installation_token(sim.world.tables, sim.installation, granted, None, now)
    return sim.client(token.value)


def main_of(sim: Simulated) -> str:
    sha = sim.world.git(sim.repository).ref("refs/heads/main")
    assert sha is not None
    return sha


async def commit(
    sim: Simulated,
    branch: str,
    files: Mapping[str, str | None],
    *,
    start: str | None = None,
    message: str = "Change",
    login: str = "writer",
    repository: Repository | None = None,
) -> str:
    """A commit of the files (None removes one) on a branch, made from `start` (else `main`) or
    from itself; with `start` an old branch is moved by force."""
    repository = repository or sim.repository
    git = sim.world.git(repository)
    name = f"refs/heads/{branch}"
    parent = await git.resolve(start or git.ref(name) or "main")
    edits = []
    for path, text in files.items():
        sha = None if text is None else await git.write_blob(text.encode())
        edits.append(TreeEdit(path, "100644", sha))
    caller = caller_of(sim, login)
    assert caller.actor is not None
    person = person_of(caller.actor, sim.world.clock.now())
    tree = await git.write_tree(edits, (await git.commit(parent)).tree)
    sha = await git.write_commit(
        tree, [parent], author=person, committer=person, message=message + "\n"
    )
    await move(sim, branch, sha, login=login, repository=repository)
    return sha


async def move(
    sim: Simulated,
    branch: str,
    sha: str | None,
    *,
    login: str = "writer",
    repository: Repository | None = None,
) -> None:
    """Puts a branch somewhere; None deletes it."""
    repository = repository or sim.repository
    name = f"refs/heads/{branch}"
    change = RefChange(name, sim.world.git(repository).ref(name), sha)
    await change_refs(sim.world, caller_of(sim, login), repository, [change], ruled=False)
    sim.world.commit()


async def propose(
    sim: Simulated,
    branch: str = "feature",
    files: Mapping[str, str | None] | None = None,
    *,
    login: str = "writer",
    **body: Any,
) -> dict[str, Any]:
    """A pull request from a new branch into `main`, as REST answers it."""
    await commit(sim, branch, files or {"lib/new.ex": "defmodule New do\nend\n"})
    wanted = {"title": f"Add {branch}", "head": branch, "base": "main"} | body
    answer = await sim.as_(login).post(f"{SHOP}/pulls", json=wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@cache
def known() -> Sequence[Deviation]:
    """The differences from GitHub's description that are on the list."""
    return Deviations.load().seen_by_judges


@dataclass
class Heard:
    """The events since it was made, each held to GitHub's description when it is asked for."""

    sim: Simulated
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sim.world.hub.listeners.append(self.events.append)

    def kinds(self, *names: str) -> list[str]:
        """`name/action` in order; of the named events only, if any is named."""
        told = [event for event in self.events if not names or event.name in names]
        return [f"{e.name}/{e.action}" if e.action else e.name for e in told]

    def payload(self, name: str, action: str | None = None) -> dict[str, Any]:
        """Of the last such event."""
        return self.payloads(name, action)[-1]

    def payloads(self, name: str, action: str | None = None) -> list[dict[str, Any]]:
        found = [e.payload for e in self.events if (e.name, e.action) == (name, action)]
        for payload in found:
            problems = problems_of_payload(name, payload)
            subject = f"webhook {name}/{action}" if action else f"webhook {name}"
            said = [p for p in problems if not any(d.covers(subject, p) for d in known())]
            assert said == []
        return found
