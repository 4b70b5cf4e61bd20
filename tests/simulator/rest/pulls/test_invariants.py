"""Whatever is done to branches and pull requests, some things always hold."""

from __future__ import annotations

from random import Random

import pytest

from tests.simulator.judges.checking import problems_of
from tests.simulator.proposing import Heard, commit, move
from tests.simulator.support import SHOP, Simulated

pytestmark = pytest.mark.anyio

BRANCHES = ("main", "stable", "a", "b", "c")
STEPS = 120


async def act(sim: Simulated, random: Random, step: int) -> str:
    """One thing that somebody could do now, sensible or not; returns what."""
    git = sim.world.git(sim.repository)
    writer = sim.as_("writer")
    there = [name for name in BRANCHES if name in git.branches()]
    branch, other = random.choice(there), random.choice(there)
    number = random.randint(1, max(1, len(sim.world.tables.pulls)))
    pull = f"{SHOP}/pulls/{number}"
    what = random.choice(
        ("push", "push", "force", "delete", "open", "open", "open", "merge", "merge", "turn", "aim")
    )
    match what:
        case "push":
            await commit(sim, random.choice(BRANCHES), {f"f{step % 7}": f"{step}\n"})
        case "force" if branch != "main":
            await commit(sim, branch, {f"g{step % 3}": f"{step}\n"}, start=other)
        case "delete" if branch != "main":
            await move(sim, branch, None)
        case "open":
            body = {"title": f"Step {step}", "head": branch, "base": other}
            await writer.post(f"{SHOP}/pulls", json=body | {"draft": random.random() < 0.2})
        case "merge":
            method = random.choice(("merge", "squash", "rebase"))
            await writer.put(f"{pull}/merge", json={"merge_method": method})
        case "turn":
            await writer.patch(pull, json={"state": random.choice(("open", "closed"))})
        case "aim":
            await writer.patch(pull, json={"base": other})
    return what


def check(sim: Simulated) -> None:
    git = sim.world.git(sim.repository)
    open_ends = set()
    for pull in sim.world.tables.pulls:
        issue = sim.world.tables.issues[pull.issue_id]
        assert git.ref(f"refs/pull/{pull.number}/head") == pull.head_sha
        assert (issue.state == "closed") >= pull.merged
        assert (issue.closed_at is None) is (issue.state == "open")
        assert (pull.merged_at is None) is (not pull.merged)
        if issue.state == "open":
            assert git.ref(f"refs/heads/{pull.head_ref}") == pull.head_sha
            assert git.ref(f"refs/heads/{pull.base_ref}") is not None
            assert pull.commits > 0
            open_ends.add((pull.head_ref, pull.base_ref))
    states = [issue.state for issue in sim.world.tables.issues]
    assert len(open_ends) == states.count("open")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_always_holds(sim: Simulated, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - seeded, so that a failure can be had again
    heard = Heard(sim)
    for step in range(STEPS):
        await act(sim, random, step)
        check(sim)
    assert heard.kinds("pull_request").count("pull_request/opened") == len(sim.world.tables.pulls)
    reader = sim.as_("reader")
    for pull in sim.world.tables.pulls:
        shown = await reader.get(f"{SHOP}/pulls/{pull.number}")
        assert problems_of(shown) == []
        assert shown.json()["merged"] is pull.merged
        files = await reader.get(f"{SHOP}/pulls/{pull.number}/files")
        assert len(files.json()) == min(30, shown.json()["changed_files"])
        heads = await reader.get(f"{SHOP}/pulls/{pull.number}/commits?per_page=100")
        assert len(heads.json()) == shown.json()["commits"]
    merged = [pull for pull in sim.world.tables.pulls if pull.merged]
    assert merged
    told = [p["pull_request"] for p in heard.payloads("pull_request", "closed")]
    assert {p["number"] for p in told if p["merged"]} == {pull.number for pull in merged}
