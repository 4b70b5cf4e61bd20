"""What follows from moved refs, also after a crash between git and the records."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.simulator.app import create_app
from bot.simulator.events import Event
from bot.simulator.git import RefChange
from bot.simulator.options import Options, Source
from bot.simulator.seed import plant
from bot.simulator.urls import Urls
from bot.simulator.world import World
from tests.simulator.judges.checking import problems_of_payload
from tests.simulator.rest.repository.support import head_of, make_branch, put_file
from tests.simulator.support import BASE, SHOP, Simulated, git, simulated
from tests.simulator.webhooks.waiting import eventually

pytestmark = pytest.mark.anyio


async def restarted(state: Path, source: Path) -> tuple[World, list[Event]]:
    """A world over an old state, with what it told of while it started."""
    options = Options(state=state, sources=(Source(path=source, name=source.name),))
    world = World(options, Urls(BASE))
    heard: list[Event] = []
    world.hub.listeners.append(heard.append)
    await plant(world)
    async with create_app(world).router.lifespan_context(create_app(world)):
        return world, heard


async def test_a_crash_after_git_loses_no_push(tmp_path: Path, shop: Path) -> None:
    state = tmp_path / "state"
    async with simulated(state, shop) as sim:
        await make_branch(sim, "topic")
        old = head_of(sim)
        new = await put_file(sim, "a.txt", "a", "topic")
        bare = sim.world.git(sim.repository)
        # As if the process had died before it could take note of these.
        await bare.update_refs(
            [
                RefChange("refs/heads/main", old, new),
                RefChange("refs/heads/topic", new, None),
                RefChange("refs/genesis/plan-1", None, new),
            ]
        )
        assert sim.repository.known_refs["refs/heads/main"] == old
    world, heard = await restarted(state, shop)
    pushes = [event for event in heard if event.name == "push"]
    assert [(e.payload["ref"], e.payload["before"]) for e in pushes] == [
        ("refs/heads/main", old),
        ("refs/heads/topic", new),
    ]
    assert [c["added"] for c in pushes[0].payload["commits"]] == [["a.txt"]]
    assert pushes[0].payload["sender"]["login"] == "admin"
    assert [e.name for e in heard if e.name == "delete"] == ["delete"]
    for event in pushes:
        assert problems_of_payload("push", event.payload) == []
    (repository,) = world.tables.repositories
    assert repository.known_refs == {"refs/heads/main": new}
    _, again = await restarted(state, shop)
    assert again == []


async def test_a_restart_without_a_crash_tells_nothing(tmp_path: Path, shop: Path) -> None:
    state = tmp_path / "state"
    async with simulated(state, shop) as sim:
        await make_branch(sim, "topic")
        await put_file(sim, "a.txt", "a")
    _, heard = await restarted(state, shop)
    assert heard == []


async def test_a_push_of_many_commits_lists_them_in_order(sim: Simulated, tmp_path: Path) -> None:
    bare = sim.world.git(sim.repository)
    clone = tmp_path / "clone"
    git("clone", "-q", str(bare.path), str(clone), cwd=tmp_path)
    for number in range(30):
        git("commit", "-q", "--allow-empty", "-m", f"Step {number}", cwd=clone)
    git("push", "-q", str(bare.path), "HEAD:refs/genesis/landing", cwd=clone)
    await bare.reload()
    tip = bare.ref("refs/genesis/landing")
    heard: list[Event] = []
    sim.world.hub.listeners.append(heard.append)
    answer = await sim.as_("writer").patch(f"{SHOP}/git/refs/heads/main", json={"sha": tip})
    assert answer.status_code == 200
    (payload,) = (event.payload for event in heard if event.name == "push")
    assert [c["message"] for c in payload["commits"]] == [f"Step {n}" for n in range(30)]
    assert payload["head_commit"]["id"] == tip
    assert payload["commits"][0]["added"] == []


async def test_odd_file_names_can_be_told_of(sim: Simulated, tmp_path: Path) -> None:
    bare = sim.world.git(sim.repository)
    clone = tmp_path / "clone"
    git("clone", "-q", str(bare.path), str(clone), cwd=tmp_path)
    names = ["tab\there", 'quo"te', "new\nline", "ä", "a" * 40, "\udcff"]
    for name in names:
        (clone / name).write_text("x")
    git("add", "-A", cwd=clone)
    git("commit", "-q", "-m", "Odd", cwd=clone)
    git("push", "-q", str(bare.path), "HEAD:refs/genesis/landing", cwd=clone)
    await bare.reload()
    heard: list[Event] = []
    sim.world.hub.listeners.append(heard.append)
    tip = bare.ref("refs/genesis/landing")
    await sim.as_("writer").patch(f"{SHOP}/git/refs/heads/main", json={"sha": tip})
    (payload,) = (event.payload for event in heard if event.name == "push")
    assert sorted(payload["commits"][0]["added"]) == sorted([*names[:-1], "\ufffd"])
    assert problems_of_payload("push", payload) == []
    shown = await sim.as_("reader").get(f"{SHOP}/commits/main")
    assert len(shown.json()["files"]) == len(names)


async def crossed(sim: Simulated) -> None:
    """Two repositories, each with a pull request into the other."""
    outsider, admin = sim.as_("outsider"), sim.as_("admin")
    await outsider.post(f"{SHOP}/forks")
    await write(sim, "outsider", "one")
    await write(sim, "acme", "two")
    for client, base, head in ((outsider, "acme", "outsider"), (admin, "outsider", "acme")):
        body = {"title": "Cross", "head": f"{head}:main", "base": "main"}
        made = await client.post(f"/repos/{base}/shop/pulls", json=body)
        assert made.status_code == 201, made.text


async def write(sim: Simulated, owner: str, name: str) -> str:
    """The sha of a new commit on `main`."""
    body = {"message": name, "content": "eA=="}
    client = sim.as_("outsider" if owner == "outsider" else "admin")
    answer = await client.put(f"/repos/{owner}/shop/contents/{name}", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["commit"]["sha"])


async def test_repositories_with_pull_requests_into_each_other_do_not_lock_up(
    sim: Simulated,
) -> None:
    await crossed(sim)
    async with asyncio.timeout(60):
        ours, theirs = await asyncio.gather(write(sim, "acme", "a"), write(sim, "outsider", "b"))
    into_ours, into_theirs = sorted(sim.world.tables.pulls, key=lambda pull: pull.id)
    await eventually(lambda: into_ours.head_sha == theirs, "the first follows its head")
    await eventually(lambda: into_theirs.head_sha == ours, "the second follows its head")


async def test_after_a_crash_pull_requests_follow_their_forks(tmp_path: Path, shop: Path) -> None:
    state = tmp_path / "state"
    async with simulated(state, shop) as sim:
        await sim.as_("outsider").post(f"{SHOP}/forks")
        await write(sim, "outsider", "one")
        body = {"title": "Cross", "head": "outsider:main", "base": "main"}
        assert (await sim.as_("outsider").post(f"{SHOP}/pulls", json=body)).status_code == 201
        fork = sim.world.repository_named("outsider", "shop")
        assert fork is not None
        bare = sim.world.git(fork)
        old = bare.ref("refs/heads/main")
        assert old is not None
        tree = (await bare.commit(old)).tree
        person = (await bare.commit(old)).author
        new = await bare.write_commit(tree, [old], author=person, committer=person, message="x")
        await bare.update_refs([RefChange("refs/heads/main", old, new)])
        # As if what follows a push had died half-way: the push is known, the pull request is not.
        fork.known_refs["refs/heads/main"] = new
        sim.world.tables.repositories.save(fork)
    world, heard = await restarted(state, shop)
    (pull,) = world.tables.pulls
    assert pull.head_sha == new
    assert [e.action for e in heard if e.name == "pull_request"] == ["synchronize"]
