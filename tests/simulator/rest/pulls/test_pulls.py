"""Opening, listing, reading and editing pull requests."""

from __future__ import annotations

import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, propose
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio


async def test_a_pull_request_is_opened_read_and_merged(sim: Simulated) -> None:
    heard = Heard(sim)
    pull = await propose(sim, body="Adds a module.")
    assert pull["number"] == 1
    assert pull["mergeable"] is True
    assert pull["mergeable_state"] == "clean"
    assert (pull["commits"], pull["additions"], pull["changed_files"]) == (1, 2, 1)
    writer = sim.as_("writer")
    got = await writer.get(f"{SHOP}/pulls/1")
    assert got.json() == pull
    assert problems_of(got) == []
    listed = await writer.get(f"{SHOP}/pulls")
    assert problems_of(listed) == []
    assert [each["number"] for each in listed.json()] == [1]
    merged = await writer.put(f"{SHOP}/pulls/1/merge", json={})
    assert merged.status_code == 200, merged.text
    assert problems_of(merged) == []
    sha = merged.json()["sha"]
    git = sim.world.git(sim.repository)
    assert git.ref("refs/heads/main") == sha
    assert (await git.commit(sha)).parents[1] == pull["head"]["sha"]
    assert heard.kinds("pull_request") == ["pull_request/opened", "pull_request/closed"]
    closed = heard.payload("pull_request", "closed")["pull_request"]
    assert closed["merged"] is True
    assert closed["merge_commit_sha"] == sha
    assert closed["merged_by"]["login"] == "writer"
    assert heard.payload("pull_request", "opened")["pull_request"]["commits"] == 1
