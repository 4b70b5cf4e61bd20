"""Merges that a crash cut off after the branch had moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.simulator.git import RefChange, squash_commit
from bot.simulator.identity.emails import person_of
from tests.simulator.proposing import Heard, caller_of, propose
from tests.simulator.support import SHOP, Simulated, simulated

pytestmark = pytest.mark.anyio


async def cut_off(sim: Simulated, *, moved: bool) -> str:
    """A squash of the first pull request, of which only git may know; returns the commit."""
    (pull,) = sim.world.tables.pulls
    git = sim.world.git(sim.repository)
    writer = caller_of(sim, "writer").actor
    assert writer is not None
    person = person_of(writer, sim.world.clock.now())
    base = git.ref("refs/heads/main") or ""
    sha = await squash_commit(
        git, base, pull.head_sha, author=person, committer=person, message="All\n"
    )
    pull.merging_sha = sha
    sim.world.tables.pulls.save(pull)
    sim.world.commit()
    if moved:
        await git.update_refs([RefChange("refs/heads/main", base, sha)])
    return sha


@pytest.mark.parametrize("moved", [True, False])
async def test_a_merge_is_finished_at_the_next_start(
    tmp_path: Path, shop: Path, moved: bool
) -> None:
    async with simulated(tmp_path / "state", shop) as sim:
        await sim.as_("reader").post(f"{SHOP}/issues", json={"title": "Wish"})
        await propose(sim, body="Closes #1")
        sha = await cut_off(sim, moved=moved)
    async with simulated(tmp_path / "state", shop) as sim:
        reader = sim.as_("reader")
        pull = (await reader.get(f"{SHOP}/pulls/2")).json()
        issue = (await reader.get(f"{SHOP}/issues/1")).json()
        assert pull["merged"] is moved
        assert issue["state"] == ("closed" if moved else "open")
        if moved:
            assert pull["merge_commit_sha"] == sha
            return
        heard = Heard(sim)
        merged = await sim.as_("writer").put(f"{SHOP}/pulls/2/merge", json={})
        assert merged.status_code == 200
        assert heard.kinds("pull_request") == ["pull_request/closed"]
