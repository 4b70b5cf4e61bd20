"""Making a repository: of nothing, of a folder, of a repository, of another of ours."""

from __future__ import annotations

import os
import shutil
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.simulator.git import BareRepository, RefRefused, UnknownObject, UnusableSource
from tests.simulator.git.ordinary import attempt, commit_file, git, ordinary_refs, work_tree

pytestmark = pytest.mark.anyio

WHEN = datetime(2024, 1, 2, tzinfo=UTC)


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file with its time, size and mode."""
    found = {}
    for path in folder.rglob("*"):
        state = path.lstat()
        if not path.is_dir():
            found[str(path.relative_to(folder))] = (state.st_mtime_ns, state.st_size, state.st_mode)
    return found


async def imported(source: Path, tmp_path: Path) -> BareRepository:
    bare = BareRepository(tmp_path / "made.git")
    await bare.import_from(source, when=WHEN)
    await bare.close()
    git(bare.path, "fsck", "--strict")
    return bare


def files(bare: BareRepository, revision: str = "HEAD") -> list[str]:
    listing = git(bare.path, "ls-tree", "-r", "-z", "--name-only", revision)
    return sorted(name for name in listing.split("\0") if name)


async def test_an_empty_one_is_made(tmp_path: Path) -> None:
    bare = BareRepository(tmp_path / "deep" / "r.git")
    assert not bare.exists()
    await bare.create("trunk")
    assert (bare.exists(), bare.default_branch, dict(bare.refs())) == (True, "trunk", {})
    assert git(bare.path, "rev-parse", "--is-bare-repository") == "true"
    with pytest.raises(UnknownObject):
        await bare.resolve("HEAD")
    with pytest.raises(FileExistsError):
        await bare.create()
    with pytest.raises(RefRefused):
        await BareRepository(tmp_path / "x.git").create("a..b")
    assert list((tmp_path / "deep").iterdir()) == [bare.path]
    await bare.remove()
    assert list((tmp_path / "deep").iterdir()) == []


async def test_a_repository_comes_with_branches_and_tags(work: Path, tmp_path: Path) -> None:
    git(work, "tag", "light")
    git(work, "tag", "-a", "heavy", "-m", "Heavy")
    git(work, "checkout", "-q", "-b", "feature/x")
    commit_file(work, "a.ex", "a")
    git(work, "update-ref", "refs/stash", "HEAD")
    git(work, "update-ref", "refs/remotes/origin/y", "HEAD")
    (work / "dirty.ex").write_text("not committed")
    before = snapshot(work)
    bare = await imported(work, tmp_path)
    kept = {
        n: s for n, s in ordinary_refs(work).items() if n.startswith(("refs/heads/", "refs/tags/"))
    }
    assert dict(bare.refs()) == kept == ordinary_refs(bare.path)
    assert bare.default_branch == "feature/x"
    assert files(bare) == ["a.ex", "mix.exs"]
    assert snapshot(work) == before
    assert str(work) not in (bare.path / "config").read_text()


async def test_the_source_may_vanish(work: Path, tmp_path: Path) -> None:
    """Also where the source itself borrows objects of another."""
    git(tmp_path, "clone", "-q", "--shared", str(work), "borrower")
    bare = await imported(tmp_path / "borrower", tmp_path)
    shutil.rmtree(work)
    shutil.rmtree(tmp_path / "borrower")
    git(bare.path, "fsck", "--strict")
    assert files(bare) == ["mix.exs"]
    assert not (bare.path / "objects" / "info" / "alternates").exists()


async def test_hooks_and_configuration_stay_behind(work: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    hook = work / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    for key in ("core.fsmonitor", "core.sshCommand", "uploadpack.packObjectsHook", "core.pager"):
        git(work, "config", key, f"touch {mark}; false")
    (work / "sub").mkdir()
    (work / "sub" / "x.ex").write_text("x")
    bare = await imported(work, tmp_path)
    below = BareRepository(tmp_path / "below.git")
    await below.import_from(work / "sub")
    assert not mark.exists()
    assert not (bare.path / "hooks").exists()
    assert "touch" not in (bare.path / "config").read_text()


async def test_a_detached_head_becomes_main(work: Path, tmp_path: Path) -> None:
    first = git(work, "rev-parse", "HEAD")
    commit_file(work, "a.ex", "a")
    git(work, "branch", "-m", "old")
    git(work, "checkout", "-q", "--detach", first)
    bare = await imported(work, tmp_path)
    assert bare.default_branch == "main"
    assert bare.ref("refs/heads/main") == first
    assert bare.ref("refs/heads/old") == git(work, "rev-parse", "old")


async def test_a_shallow_clone_is_taken_as_it_is(work: Path, tmp_path: Path) -> None:
    tip = commit_file(work, "a.ex", "a")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{work}", "shallow")
    bare = await imported(tmp_path / "shallow", tmp_path)
    assert bare.ref("refs/heads/main") == tip
    assert [c.sha for c in await bare.log("main")] == [tip]
    await bare.close()
    git(tmp_path, "clone", "-q", f"file://{bare.path}", "again")
    assert git(tmp_path / "again", "rev-parse", "HEAD") == tip


async def test_a_linked_work_tree_and_a_bare_one(work: Path, tmp_path: Path) -> None:
    git(work, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    assert (await imported(tmp_path / "linked", tmp_path)).default_branch == "side"
    git(tmp_path, "clone", "-q", "--bare", str(work), "b.git")
    again = BareRepository(tmp_path / "again.git")
    await again.import_from(tmp_path / "b.git")
    assert again.ref("refs/heads/main") == git(work, "rev-parse", "main")


async def test_a_plain_folder_becomes_one_commit(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (plain / "lib" / "ü\nb").mkdir(parents=True)
    (plain / ".gitignore").write_text("*.log\n/deps/\n")
    (plain / "deps").mkdir()
    (plain / "deps" / "x").write_text("")
    (plain / "a.log").write_text("")
    (plain / "lib" / ".gitignore").write_text("!b.log\n")
    (plain / "lib" / "b.log").write_text("")
    (plain / "lib" / "ü\nb" / '"q".ex').write_bytes(b"\0\r\nno end")
    (plain / "run").write_text("#!/bin/sh\n")
    (plain / "run").chmod(0o755)
    (plain / "link").symlink_to("/etc/passwd")
    (plain / "folder").symlink_to("lib")
    os.mkfifo(plain / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(plain / "socket"))
    before = snapshot(plain)
    bare = await imported(plain, tmp_path)
    odd = 'lib/ü\nb/"q".ex'
    wanted = [".gitignore", "folder", "lib/.gitignore", "lib/b.log", odd, "link", "run"]
    assert files(bare) == sorted(wanted)
    rows = git(bare.path, "ls-tree", "HEAD").splitlines()
    modes = {path: mode for mode, path in (row.split("\t") for row in rows)}
    assert modes["link"].startswith("120000")
    assert modes["run"].startswith("100755")
    tip = await bare.resolve("HEAD")
    assert await bare.blob((await bare.entry_at(tip, odd)).sha) == b"\0\r\nno end"
    assert await bare.blob((await bare.entry_at(tip, "link")).sha) == b"/etc/passwd"
    commit = await bare.commit(tip)
    assert (commit.author.name, commit.author.email) == ("Simulator", "simulator@localhost")
    assert (commit.committer, commit.author.when, commit.parents) == (commit.author, WHEN, ())
    assert snapshot(plain) == before
    assert bare.default_branch == "main"
    await bare.close()


async def test_an_empty_folder_becomes_an_empty_commit(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bare = await imported(tmp_path / "empty", tmp_path)
    assert files(bare) == []
    assert bare.ref("refs/heads/main")


async def test_a_folder_inside_a_repository_obeys_its_ignores(work: Path, tmp_path: Path) -> None:
    (work / ".gitignore").write_text("_build/\n")
    (work / "app" / "_build").mkdir(parents=True)
    (work / "app" / "_build" / "x").write_text("")
    (work / "app" / "new.ex").write_text("")
    commit_file(work, "app/old.ex", "")
    (work / "app" / "newer.ex").write_text("")
    (work / "app" / "old.ex").unlink()
    before = snapshot(work)
    bare = await imported(work / "app", tmp_path)
    assert files(bare) == ["new.ex", "newer.ex"]
    assert snapshot(work) == before


async def test_a_repository_without_commits_is_a_plain_folder(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    (tmp_path / "fresh" / "a.ex").write_text("a")
    bare = await imported(tmp_path / "fresh", tmp_path)
    assert files(bare) == ["a.ex"]


async def test_repositories_inside_and_tracked_files_behind_links_stay_out(
    work: Path, tmp_path: Path
) -> None:
    (work / "app").mkdir()
    commit_file(work, "app/dir/secret.ex", "")
    shutil.rmtree(work / "app" / "dir")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ex").write_text("from outside")
    (work / "app" / "dir").symlink_to(outside)
    work_tree(work / "app" / "inner")
    bare = await imported(work / "app", tmp_path)
    assert files(bare) == ["dir"]


async def test_what_cannot_be_taken_is_refused_whole(work: Path, tmp_path: Path) -> None:
    (work / "file").write_text("")
    git(tmp_path, "init", "-q", "--object-format=sha256", "other")
    git(work, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{work}", "partial")
    latin = work_tree(tmp_path / "latin")
    git(latin, "branch", "caf\udce9")
    sources = (work / "file", work / "none", tmp_path / "other", tmp_path / "partial", latin)
    for source in sources:
        with pytest.raises(UnusableSource):
            await BareRepository(tmp_path / "made.git").import_from(source)
    assert [n for n in os.listdir(tmp_path) if n.startswith((".new", "made"))] == []


async def test_five_thousand_files_are_quick(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    for number in range(5000):
        place = plain / f"d{number % 50}" / f"f{number}.ex"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"defmodule M{number} do\n" + "  # line\n" * 60 + "end\n")
    began = time.monotonic()
    bare = BareRepository(tmp_path / "made.git")
    await bare.import_from(plain)
    taken = time.monotonic() - began
    assert len(files(bare)) == 5000
    assert taken < 5, "0.4 s on an idle machine"


async def test_a_fork_has_the_branches_and_shares_nothing(
    bare: BareRepository, work: Path, tmp_path: Path
) -> None:
    tip = git(work, "rev-parse", "HEAD")
    await bare.create_ref("refs/pull/1/head", tip)
    fork = BareRepository(tmp_path / "fork.git")
    await bare.fork_to(fork)
    assert dict(fork.refs()) == {"refs/heads/main": tip}
    await bare.remove()
    git(fork.path, "fsck", "--strict")


async def test_a_commit_of_a_fork_is_brought_home(
    bare: BareRepository, work: Path, tmp_path: Path
) -> None:
    fork = BareRepository(tmp_path / "fork.git")
    await bare.fork_to(fork)
    commit_file(work, "a.ex", "a")
    tip = commit_file(work, "b.ex", "b")
    git(fork.path, "fetch", "-q", str(work), tip)
    before = ordinary_refs(bare.path)
    assert await bare.header(tip) is None
    await bare.bring(fork, tip)
    await bare.bring(fork, tip)
    assert (await bare.commit(tip)).sha == tip
    assert ordinary_refs(bare.path) == before
    await bare.create_ref("refs/pull/1/head", tip)
    git(bare.path, "fsck", "--strict")
    with pytest.raises(UnknownObject):
        await bare.bring(fork, "1" * 40)


def test_the_tools_of_these_tests_notice_a_failure(tmp_path: Path) -> None:
    assert attempt(tmp_path, "rev-parse", "HEAD").returncode
