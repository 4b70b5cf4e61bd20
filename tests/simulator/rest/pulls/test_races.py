"""Things done at once to pull requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.simulator.git import RefChange
from tests.simulator.proposing import Heard, commit, propose
from tests.simulator.rest.pulls.test_merging import fork
from tests.simulator.support import SHOP, Simulated, simulated
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_of_ten_proposals_at_once_one_is_opened(sim: Simulated) -> None:
    await commit(sim, "feature", {"a": "1\n"})
    body = {"title": "Add", "head": "feature", "base": "main"}
    writer = sim.as_("writer")
    answers = await asyncio.gather(*(writer.post(f"{SHOP}/pulls", json=body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 9
    assert len(sim.world.tables.pulls) == 1


async def test_pull_requests_are_merged_at_once(sim: Simulated) -> None:
    for n in range(5):
        await propose(sim, f"b{n}", {f"f{n}": "1\n"})
    heard = Heard(sim)
    writer = sim.as_("writer")
    ways = ["merge", "squash", "rebase", "merge", "squash"]
    answers = await asyncio.gather(
        *(
            writer.put(f"{SHOP}/pulls/{n}/merge", json={"merge_method": way})
            for n, way in enumerate(ways, 1)
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 5
    git = sim.world.git(sim.repository)
    tree = await git.tree((await git.commit(git.ref("refs/heads/main") or "")).tree)
    assert {f"f{n}" for n in range(5)} <= {entry.path for entry in tree}
    assert heard.kinds("pull_request") == ["pull_request/closed"] * 5


async def test_a_push_and_a_merge_at_once(sim: Simulated) -> None:
    first = (await propose(sim))["head"]["sha"]
    merged, second = await asyncio.gather(
        sim.as_("writer").put(f"{SHOP}/pulls/1/merge", json={}),
        commit(sim, "feature", {"more": "1\n"}),
    )
    assert merged.status_code == 200
    git = sim.world.git(sim.repository)
    (pull,) = sim.world.tables.pulls
    assert (await git.commit(merged.json()["sha"])).parents[1] == pull.head_sha
    assert pull.head_sha in (first, second)
    assert git.ref("refs/pull/1/head") == pull.head_sha


async def test_a_close_and_a_merge_at_once(sim: Simulated) -> None:
    for n in range(1, 6):
        await propose(sim, f"b{n}", {f"f{n}": "1\n"})
        merged, _ = await asyncio.gather(
            sim.as_("writer").put(f"{SHOP}/pulls/{n}/merge", json={}),
            sim.as_("maintainer").patch(f"{SHOP}/pulls/{n}", json={"state": "closed"}),
        )
        pull = (await sim.as_("writer").get(f"{SHOP}/pulls/{n}")).json()
        assert pull["state"] == "closed"
        assert pull["merged"] is (merged.status_code == 200)
        brought = await sim.as_("writer").get(f"{SHOP}/contents/f{n}")
        assert brought.status_code == (200 if pull["merged"] else 404)


async def test_forks_that_propose_to_each_other_do_not_wait_for_each_other(
    sim: Simulated,
) -> None:
    theirs = await fork(sim)
    await commit(sim, "up", {"up": "0\n"}, login="outsider", repository=theirs)
    await commit(sim, "down", {"down": "0\n"}, login="writer")
    up = {"title": "Up", "head": "outsider:up", "base": "main"}
    down = {"title": "Down", "head": "acme:down", "base": "main"}
    sim.world.tables.collaborators.add(
        sim.world.tables.collaborators.where("repository", sim.repository.id)[0].model_copy(
            update={
                "id": sim.world.tables.next_id(),
                "account_id": theirs.owner_id,
                "role": "write",
            }
        )
    )
    outsider = sim.as_("outsider")
    async with asyncio.timeout(60):
        made = await asyncio.gather(
            outsider.post(f"{SHOP}/pulls", json=up),
            outsider.post("/repos/outsider/shop/pulls", json=down),
        )
        assert [answer.status_code for answer in made] == [201, 201]
        for n in range(1, 4):
            await asyncio.gather(
                commit(sim, "up", {"up": f"{n}\n"}, login="outsider", repository=theirs),
                commit(sim, "down", {"down": f"{n}\n"}),
            )
    tips = {
        "up": sim.world.git(theirs).ref("refs/heads/up"),
        "down": sim.world.git(sim.repository).ref("refs/heads/down"),
    }
    await eventually(
        lambda: all(p.head_sha == tips[p.head_ref] for p in sim.world.tables.pulls),
        "both follow their heads",
    )


async def test_a_push_to_a_fork_is_followed_at_the_next_start(tmp_path: Path, shop: Path) -> None:
    async with simulated(tmp_path / "state", shop) as sim:
        theirs = await fork(sim)
        await commit(sim, "idea", {"idea": "1\n"}, login="outsider", repository=theirs)
        body = {"title": "Idea", "head": "outsider:idea", "base": "main"}
        assert (await sim.as_("outsider").post(f"{SHOP}/pulls", json=body)).status_code == 201
        second = await commit(sim, "other", {"idea": "2\n"}, start="idea", repository=theirs)
        first = sim.world.git(theirs).ref("refs/heads/idea")
        change = RefChange("refs/heads/idea", first, second)
        await sim.world.git(theirs).update_refs([change])
        # As if the stop had come between the news of the push and what follows from it.
        theirs.known_refs["refs/heads/idea"] = second
        sim.world.tables.repositories.save(theirs)
        sim.world.commit()
    async with simulated(tmp_path / "state", shop) as sim:
        (pull,) = sim.world.tables.pulls
        assert pull.head_sha == second
        assert sim.world.git(sim.repository).ref("refs/pull/1/head") == second


async def test_an_issue_becomes_one_pull_request(sim: Simulated) -> None:
    writer = sim.as_("writer")
    await writer.post(f"{SHOP}/issues", json={"title": "Do it"})
    branches = [f"b{n}" for n in range(4)]
    for branch in branches:
        await commit(sim, branch, {branch: "1\n"})
    answers = await asyncio.gather(
        *(
            writer.post(f"{SHOP}/pulls", json={"issue": 1, "head": branch, "base": "main"})
            for branch in branches
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 3
    (pull,) = sim.world.tables.pulls
    assert sim.world.tables.issues[pull.issue_id].pull_id == pull.id
