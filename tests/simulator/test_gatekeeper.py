"""Real git against the simulator: who may clone and push, and what a push sets off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulator.rest.repository.support import app_token, heard_by, put_file
from tests.simulator.serving import Finished, Served, served
from tests.simulator.support import Simulated, write_files

pytestmark = pytest.mark.anyio


@pytest.fixture
async def live(sim: Simulated) -> AsyncIterator[Served]:
    async with served(sim) as running:
        yield running


async def clone(live: Served, folder: Path, token: str = "") -> Path:
    done = await live.git("clone", "-q", live.remote(), str(folder), cwd=folder.parent, token=token)
    assert done.code == 0, done.err
    return folder


async def commit(live: Served, folder: Path, files: dict[str, str], message: str = "Work") -> str:
    write_files(folder, files)
    await live.git("add", "-A", cwd=folder)
    assert (await live.git("commit", "-q", "-m", message, cwd=folder)).code == 0
    return (await live.git("rev-parse", "HEAD", cwd=folder)).out.strip()


async def push(live: Served, folder: Path, token: str, *refs: str) -> Finished:
    return await live.git("push", live.remote(), *refs, cwd=folder, token=token)


async def test_everybody_clones_what_is_public(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    assert (folder / "lib/shop.ex").read_text() == "defmodule Shop do\nend\n"


async def test_a_private_repository_asks_for_credentials(live: Served, tmp_path: Path) -> None:
    live.sim.repository.private = True
    done = await live.git("ls-remote", live.remote(), cwd=tmp_path)
    assert done.code != 0
    assert "could not read Username" in done.err


async def test_a_private_repository_is_hidden_from_outsiders(live: Served, tmp_path: Path) -> None:
    live.sim.repository.private = True
    token = live.sim.token_of("outsider")
    done = await live.git("ls-remote", live.remote(), cwd=tmp_path, token=token)
    assert "remote: Repository not found." in done.err
    assert done.code != 0
    reader = live.sim.token_of("reader")
    assert (await live.git("ls-remote", live.remote(), cwd=tmp_path, token=reader)).code == 0


async def test_a_private_repository_needs_the_permission_to_read(
    live: Served, tmp_path: Path
) -> None:
    live.sim.repository.private = True
    denied = app_token(live.sim, issues="write")
    done = await live.git("ls-remote", live.remote(), cwd=tmp_path, token=denied)
    assert "Write access to repository not granted." in done.err
    allowed = app_token(live.sim, contents="read")
    assert (await live.git("ls-remote", live.remote(), cwd=tmp_path, token=allowed)).code == 0


async def test_wrong_tokens_are_refused_even_for_reading(live: Served, tmp_path: Path) -> None:
    done = await live.git("ls-remote", live.remote(), cwd=tmp_path, token="ghp_wrong")
    assert done.code != 0
    assert "Authentication failed" in done.err or "could not read Username" in done.err


async def test_the_token_may_stand_for_the_user(live: Served, tmp_path: Path) -> None:
    live.sim.repository.private = True
    token = live.sim.token_of("reader")
    for credentials in (f"{token}:x-oauth-basic", f"anybody:{token}"):
        url = live.remote().replace("http://", f"http://{credentials}@")
        assert (await live.git("ls-remote", url, cwd=tmp_path)).code == 0


async def test_a_bare_token_does_as_well(live: Served, tmp_path: Path) -> None:
    live.sim.repository.private = True
    for scheme in ("bearer", "token"):
        header = f"http.extraheader=Authorization: {scheme} {app_token(live.sim, contents='read')}"
        done = await live.git("-c", header, "ls-remote", live.remote(), cwd=tmp_path)
        assert done.code == 0, done.err


async def test_the_app_itself_may_not_clone(live: Served, tmp_path: Path) -> None:
    done = await live.git("ls-remote", live.remote(), cwd=tmp_path, token=live.sim.app_jwt())
    assert done.code != 0


async def test_readers_may_not_push(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    await commit(live, folder, {"new.txt": "x"})
    heard = heard_by(live.sim)
    done = await push(live, folder, live.sim.token_of("reader"), "main")
    assert "remote: Permission to acme/shop.git denied to reader." in done.err
    assert "403" in done.err
    assert heard == []


async def test_nobody_pushes_without_signing_in(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    await commit(live, folder, {"new.txt": "x"})
    done = await live.git("push", live.remote(), "main", cwd=folder)
    assert done.code != 0
    assert "could not read Username" in done.err


async def test_an_archive_takes_no_push(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    await commit(live, folder, {"new.txt": "x"})
    live.sim.repository.archived = True
    done = await push(live, folder, live.sim.token_of("admin"), "main")
    assert "This repository was archived so it is read-only." in done.err


async def test_an_app_pushes_with_the_permission_only(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    sha = await commit(live, folder, {"new.txt": "x"})
    refused = await push(live, folder, app_token(live.sim, contents="read"), "main")
    assert "Permission to acme/shop.git denied to otp-genesis[bot]." in refused.err
    done = await push(live, folder, app_token(live.sim, contents="write"), "main:genesis/1/stage-1")
    assert done.code == 0, done.err
    assert live.sim.world.git(live.sim.repository).ref("refs/heads/genesis/1/stage-1") == sha


async def test_workflows_need_their_own_permission(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    await commit(live, folder, {".github/workflows/ci.yml": "on: push\n"})
    refused = await push(live, folder, app_token(live.sim, contents="write"), "main:ci")
    assert (
        "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml`"
        " without `workflows` permission"
    ) in refused.err
    assert live.sim.world.git(live.sim.repository).ref("refs/heads/ci") is None
    token = app_token(live.sim, contents="write", workflows="write")
    assert (await push(live, folder, token, "main:ci")).code == 0


async def test_a_push_is_told_of(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    before = (await live.git("rev-parse", "HEAD", cwd=folder)).out.strip()
    after = await commit(live, folder, {"new.txt": "x", "README.md": "# New\n"}, "Say more")
    heard = heard_by(live.sim)
    assert (await push(live, folder, live.sim.token_of("writer"), "main")).code == 0
    (event,) = heard
    payload = event.payload
    assert (event.name, event.action) == ("push", None)
    assert (payload["ref"], payload["before"], payload["after"]) == (
        "refs/heads/main",
        before,
        after,
    )
    assert [payload[key] for key in ("created", "deleted", "forced")] == [False] * 3
    assert payload["pusher"] == {"name": "writer", "email": "writer@simulator.test"}
    assert payload["sender"]["login"] == "writer"
    (told,) = payload["commits"]
    assert told == payload["head_commit"]
    assert (told["id"], told["message"], told["distinct"]) == (after, "Say more", True)
    assert (told["added"], told["modified"], told["removed"]) == (["new.txt"], ["README.md"], [])
    assert live.sim.repository.known_refs["refs/heads/main"] == after


async def test_genesis_refs_are_no_pushes(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    sha = await commit(live, folder, {"plan.json": "{}"})
    heard = heard_by(live.sim)
    token = app_token(live.sim, contents="write")
    done = await push(live, folder, token, "HEAD:refs/genesis/plan-1")
    assert done.code == 0, done.err
    assert heard == []
    answer = await live.sim.client(token).get("/repos/acme/shop/git/ref/genesis/plan-1")
    assert answer.json()["object"]["sha"] == sha


async def test_more_than_three_tags_at_once_are_not_told_of(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    names = [f"v{number}" for number in range(4)]
    for name in names:
        await live.git("tag", name, cwd=folder)
    heard = heard_by(live.sim)
    token = live.sim.token_of("writer")
    assert (await push(live, folder, token, *names)).code == 0
    assert heard == []
    assert live.sim.repository.known_refs.keys() >= {"refs/tags/v0", "refs/tags/v3"}
    assert (await push(live, folder, token, *(f":{name}" for name in names[:3]))).code == 0
    assert [e.name for e in heard] == ["push", "delete"] * 3


async def test_a_new_branch_tells_of_what_is_new(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    token = live.sim.token_of("writer")
    first = await commit(live, folder, {"a.txt": "a"})
    await push(live, folder, token, "HEAD:stage-1")
    second = await commit(live, folder, {"b.txt": "b"})
    heard = heard_by(live.sim)
    await push(live, folder, token, "HEAD:stage-2")
    await push(live, folder, token, "HEAD:main")
    create, branch, main = heard
    assert (create.name, create.payload["ref"]) == ("create", "stage-2")
    assert [c["id"] for c in branch.payload["commits"]] == [second]
    assert [(c["id"], c["distinct"]) for c in main.payload["commits"]] == [
        (first, False),
        (second, False),
    ]


async def test_a_forced_push_says_so(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    token = live.sim.token_of("writer")
    await commit(live, folder, {"a.txt": "a"})
    await push(live, folder, token, "HEAD:topic")
    await live.git("reset", "-q", "--hard", "HEAD~1", cwd=folder)
    await commit(live, folder, {"b.txt": "b"})
    heard = heard_by(live.sim)
    assert (await push(live, folder, token, "HEAD:topic")).code != 0
    assert (await push(live, folder, token, "+HEAD:topic")).code == 0
    (event,) = heard
    assert event.payload["forced"] is True
    assert len(event.payload["commits"]) == 1


async def test_of_ten_writers_with_one_lease_one_wins(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    base = (await live.git("rev-parse", "HEAD", cwd=folder)).out.strip()
    token = live.sim.token_of("writer")
    await push(live, folder, token, "HEAD:refs/heads/race")
    shas = []
    for number in range(10):
        tree = await live.git("commit-tree", "HEAD^{tree}", "-m", f"{number}", cwd=folder)
        shas.append(tree.out.strip())
    heard = heard_by(live.sim)
    lease = f"--force-with-lease=refs/heads/race:{base}"
    done = await asyncio.gather(
        *(push(live, folder, token, lease, f"{sha}:refs/heads/race") for sha in shas)
    )
    winners = [sha for sha, each in zip(shas, done, strict=True) if each.code == 0]
    assert len(winners) == 1
    assert [(e.payload["before"], e.payload["after"]) for e in heard] == [(base, winners[0])]
    assert live.sim.world.git(live.sim.repository).ref("refs/heads/race") == winners[0]


async def test_a_push_and_the_api_do_not_overrun_each_other(live: Served, tmp_path: Path) -> None:
    folder = await clone(live, tmp_path / "clone")
    base = (await live.git("rev-parse", "HEAD", cwd=folder)).out.strip()
    sha = await commit(live, folder, {"pushed.txt": "x"})
    heard = heard_by(live.sim)
    pushed, written = await asyncio.gather(
        push(live, folder, live.sim.token_of("writer"), "main"),
        put_file(live.sim, "written.txt", "x", login="maintainer"),
    )
    spans = [(e.payload["before"], e.payload["after"]) for e in heard]
    assert spans[0] in [(base, sha), (base, written)]
    if pushed.code == 0:
        assert spans == [(base, sha), (sha, written)]
    else:
        assert spans == [(base, written)]


async def test_a_renamed_repository_is_found_by_its_former_name(
    live: Served, tmp_path: Path
) -> None:
    admin = live.sim.as_("admin")
    assert (await admin.patch("/repos/acme/shop", json={"name": "store"})).status_code == 200
    folder = await clone(live, tmp_path / "clone")
    await commit(live, folder, {"new.txt": "x"})
    assert (await push(live, folder, live.sim.token_of("writer"), "main")).code == 0
