"""A snapshot brings back every byte, also after a kill, and leaves the user's repository alone."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.codebase import snapshots
from bot.codebase.files import WorkFiles
from bot.codebase.repository import Repository
from bot.codebase.snapshots import Snapshots, snapshots_of
from bot.codebase.worktree import Worktree
from bot.errors import Refused, Unusable
from tests.codebase.support import (
    FILES,
    make_repository,
    open_in,
    plain_git,
    settings_in,
    snapshot,
)


def worktree_in(tmp_path: Path, *flags: str) -> Worktree:
    repository = open_in(tmp_path, None, *flags)
    return Worktree.create(repository, "genesis/x/stage-1", repository.head, tmp_path / "work")


def of(worktree: Worktree) -> Snapshots:
    return snapshots_of(worktree.files, worktree.files.walk, worktree, None)


def plain(tmp_path: Path) -> Snapshots:
    root = tmp_path / "plain"
    root.mkdir(exist_ok=True)
    files = WorkFiles(root)
    return snapshots_of(files, files.walk, None, settings_in(tmp_path))


def contents(files: WorkFiles) -> dict[str, bytes]:
    return {path: files.read_bytes(path) for path in files.walk()}


def test_what_changed_went_or_came_is_put_back(tmp_path: Path) -> None:
    tree = worktree_in(tmp_path)
    kept = of(tree)
    tree.files.write("lib/mine.ex", b"mine\r\n\xff")
    before = contents(tree.files)
    name = kept.take()
    tree.files.write("lib/mine.ex", "other")
    tree.files.write("lib/new/deep.ex", "new")
    tree.files.remove("lib/shop.ex")
    assert sorted(kept.restore(name)) == ["lib/mine.ex", "lib/new/deep.ex", "lib/shop.ex"]
    assert contents(tree.files) == before
    assert not (tree.root / "lib/new").exists()
    assert kept.restore(name) == ()


def test_the_same_tree_has_the_same_name(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    empty = kept.take()
    kept.files.write("a.ex", "a")
    first = kept.take()
    kept.files.write("b.ex", "b")
    assert kept.take() not in (first, empty)
    kept.restore(first)
    assert kept.take() == first
    kept.restore(empty)
    assert list(kept.files.walk()) == []


def test_what_git_ignores_is_kept_too(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    kept.files.write(".gitignore", "*\n")
    kept.files.write("secret.exs", "one")
    name = kept.take()
    kept.files.write("secret.exs", "two")
    kept.files.write("also.exs", "new")
    kept.restore(name)
    assert contents(kept.files) == {".gitignore": b"*\n", "secret.exs": b"one"}


def test_what_the_walk_leaves_out_stays(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    (root / "_build").mkdir(parents=True)
    files = WorkFiles(root)

    def walk() -> dict[str, os.stat_result]:
        return files.walk(lambda folder, _: folder != "_build")

    kept = snapshots_of(files, walk, None, settings_in(tmp_path))
    (root / "_build/x.beam").write_bytes(b"one")
    (root / "link").symlink_to("..")
    name = kept.take()
    (root / "_build/x.beam").write_bytes(b"two")
    files.write("new.ex", "")
    kept.restore(name)
    assert (root / "_build/x.beam").read_bytes() == b"two"
    assert os.readlink(root / "link") == ".."
    assert sorted(os.listdir(root)) == ["_build", "link"]


def test_attributes_and_line_endings_of_the_project_change_no_byte(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo", {"crlf.ex": b"a\r\n"})
    plain_git(root, "config", "core.autocrlf", "true")
    plain_git(root, "config", "filter.evil.clean", "touch /tmp/never")
    repository = Repository.open(root, settings_in(tmp_path))
    tree = Worktree.create(repository, "genesis/x/s", repository.head, tmp_path / "work")
    kept = of(tree)
    tree.files.write(".gitattributes", "* text eol=crlf ident filter=evil\n")
    tree.files.write("id.ex", b"$Id$\nb\r\n")
    before = contents(tree.files)
    name = kept.take()
    tree.files.write("id.ex", b"c")
    tree.files.write("crlf.ex", b"d")
    kept.restore(name)
    assert contents(tree.files) == before


def test_a_file_can_become_a_folder_and_back(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    kept.files.write("a", "file")
    name = kept.take()
    kept.files.remove("a")
    kept.files.write("a/b", "deep")
    deep = kept.take()
    kept.restore(name)
    assert contents(kept.files) == {"a": b"file"}
    kept.restore(deep)
    assert contents(kept.files) == {"a/b": b"deep"}


def test_links_that_were_put_in_the_way_lead_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.ex").write_text("precious")
    os.utime(outside / "a.ex", (1, 1))
    kept = plain(tmp_path)
    kept.files.write("lib/a.ex", "ours")
    kept.files.write("b.ex", "b")
    name = kept.take()
    root = kept.files.root
    (root / "lib/a.ex").unlink()
    (root / "lib").rmdir()
    (root / "lib").symlink_to(outside)
    (root / "b.ex").unlink()
    (root / "b.ex").symlink_to(outside / "a.ex")
    kept.restore(name)
    assert contents(kept.files) == {"lib/a.ex": b"ours", "b.ex": b"b"}
    assert (outside / "a.ex").read_text() == "precious"
    assert (outside / "a.ex").stat().st_mtime == 1


def test_the_executable_bit_comes_back(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    kept.files.write("run", "#!")
    (kept.files.root / "run").chmod(0o755)
    name = kept.take()
    (kept.files.root / "run").chmod(0o644)
    kept.restore(name)
    assert (kept.files.root / "run").stat().st_mode & stat.S_IXUSR


def test_a_restored_file_is_dated_so_that_a_build_sees_it(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    kept.files.write("a.ex", "one")
    kept.files.write("same.ex", "same")
    name = kept.take()
    kept.files.write("a.ex", "two")
    written = kept.files.modified("a.ex")
    untouched = kept.files.modified("same.ex")
    kept.restore(name)
    assert int(kept.files.modified("a.ex")) > int(written)
    assert int(kept.files.modified("a.ex")) > int(time.time())
    assert kept.files.modified("same.ex") == untouched


def test_a_same_size_edit_within_a_moment_is_seen(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    path = kept.files.root / "a.ex"
    names = []
    for content in ("one", "two", "one", "six"):
        path.write_text(content)
        os.utime(path, (int(time.time()), int(time.time())))
        names.append(kept.take())
    assert names[0] == names[2]
    assert len(set(names)) == 3


def test_a_snapshot_survives_a_kill(tmp_path: Path) -> None:
    tree = worktree_in(tmp_path)
    killed = of(tree)
    tree.files.write("lib/shop.ex", "half")
    name = killed.take()
    store = tree.directory / "snapshots"
    for leftover in ("index.lock", "refs/snapshots/x.lock"):
        (store / leftover).touch()
    (store.parent / "snapshots.new").mkdir()
    again = Worktree.resume(
        tree.repository, "genesis/x/stage-1", tree.repository.head, tree.directory
    )
    assert again.files.read_bytes("lib/shop.ex") == FILES["lib/shop.ex"]
    of(again).restore(name)
    assert again.files.read_text("lib/shop.ex") == "half"


def test_a_kill_while_the_store_is_made_leaves_none(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    scratch = kept.store.with_name(f"{kept.store.name}.new")
    scratch.mkdir(parents=True)
    (scratch / "HEAD").write_text("half")
    kept.files.write("a.ex", "a")
    assert kept.take()
    assert not scratch.exists()


@pytest.mark.parametrize("name", ["", "HEAD", "main", "--all", "0" * 40, "../x", "a" * 39])
def test_only_what_was_taken_is_restored(tmp_path: Path, name: str) -> None:
    kept = plain(tmp_path)
    kept.files.write("a.ex", "a")
    with pytest.raises(Refused):
        kept.restore(name)
    assert contents(kept.files) == {"a.ex": b"a"}


def test_a_tree_of_the_repository_is_no_snapshot(tmp_path: Path) -> None:
    tree = worktree_in(tmp_path)
    with pytest.raises(Refused, match="no snapshot"):
        of(tree).restore(tree.repository.tree_of(tree.head()))


def test_the_users_repository_and_our_index_stay_as_they_are(tmp_path: Path) -> None:
    tree = worktree_in(tmp_path)
    tree.files.write("lib/shop.ex", "new")
    objects = sorted((tree.repository.git_dir / "objects").rglob("*"))
    before, status = snapshot(tree.repository.root), tree.changed()
    index = (tree.directory / "git" / "index").read_bytes()
    kept = of(tree)
    name = kept.take()
    kept.restore(name)
    assert snapshot(tree.repository.root) == before
    assert sorted((tree.repository.git_dir / "objects").rglob("*")) == objects
    assert (tree.directory / "git" / "index").read_bytes() == index
    assert tree.changed() == status == ("lib/shop.ex",)


def test_what_the_repository_has_is_borrowed_and_outlives_its_garbage_collection(
    tmp_path: Path,
) -> None:
    tree = worktree_in(tmp_path)
    kept = of(tree)
    tree.files.write("lib/shop.ex", "kept by us alone")
    name = kept.take()
    blobs = [p for p in (kept.store / "objects").rglob("*") if p.is_file() and len(p.name) == 38]
    assert len(blobs) <= 4, "one blob and the trees around it"
    tree.reset()
    plain_git(tree.repository.root, "gc", "--prune=now", "--quiet")
    kept.restore(name)
    assert tree.files.read_text("lib/shop.ex") == "kept by us alone"


def test_a_repository_with_other_ids(tmp_path: Path) -> None:
    tree = worktree_in(tmp_path, "--object-format=sha256")
    kept = of(tree)
    name = kept.take()
    tree.files.write("lib/shop.ex", "x")
    tree.files.remove("mix.exs")
    kept.restore(name)
    assert contents(tree.files) == FILES
    assert len(name) == 64


def test_threads_and_stores_opened_twice_take_turns(tmp_path: Path) -> None:
    first, second = plain(tmp_path), plain(tmp_path)
    first.files.write("a.ex", "a")
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda k=kept: names.append(k.take()))
        for kept in (first, second) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 8
    assert len(set(names)) == 1


def test_a_patch_shows_what_differs_since(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    kept.files.write("a.ex", "one\n")
    kept.files.write("b.ex", "gone\n")
    name = kept.take()
    kept.files.write("a.ex", "two\n")
    kept.files.write("c.ex", "new\n")
    kept.files.remove("b.ex")
    patch = kept.patch(name)
    for line in ("--- a/a.ex", "-one", "+two", "--- a/b.ex", "+++ /dev/null", "+++ b/c.ex", "+new"):
        assert f"\n{line}\n" in patch
    assert kept.patch(kept.take()) == ""


def test_what_the_work_began_with_is_remembered_with_a_snapshot(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    beginning = kept.take()
    kept.files.write("a.ex", "a")
    name = kept.take(beginning)
    assert plain(tmp_path).beginning(name) == beginning
    assert kept.beginning(beginning) == ""


def test_what_is_no_code_base_is_not_remembered(tmp_path: Path) -> None:
    kept = plain(tmp_path)
    with open(kept.files.root / "disk.img", "wb") as sparse:
        sparse.truncate(snapshots.MOST_BYTES + 1)
    with pytest.raises(Refused, match="too much to remember"):
        kept.take()


def test_a_store_inside_the_tree_is_refused(tmp_path: Path) -> None:
    files = WorkFiles(tmp_path)
    with pytest.raises(Unusable, match="lies inside"):
        snapshots_of(files, files.walk, None, settings_in(tmp_path)).take()
    assert list(files.walk()) == []


NAMES = st.text(
    alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="/\0"),
    min_size=1,
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=4, max_size=12))
def test_any_file_that_can_be_written_comes_back(tmp_path: Path, made: dict[str, bytes]) -> None:
    kept = plain(tmp_path)
    empty = kept.take()
    for name, content in made.items():
        try:
            kept.files.write(f"d/{name}", content)
        except (Refused, OSError):
            continue
    written = contents(kept.files)
    full = kept.take()
    kept.restore(empty)
    assert contents(kept.files) == {}
    kept.restore(full)
    assert contents(kept.files) == written
    kept.restore(empty)
