"""Work happens beside the checkout, byte for byte, and survives a kill."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.errors import Refused, Transient, Unusable
from tests.codebase.support import (
    FILES,
    commit_all,
    make_repository,
    open_in,
    plain_git,
    settings_in,
    write_files,
)

BRANCH = "genesis/local-1/stage-1"


def start(repository: Repository, tmp_path: Path) -> Worktree:
    return Worktree.create(repository, BRANCH, repository.head, tmp_path / "work")


def resume(repository: Repository, tmp_path: Path) -> Worktree:
    return Worktree.resume(repository, BRANCH, repository.head, tmp_path / "work")


@pytest.fixture
def tree(tmp_path: Path) -> Worktree:
    return start(open_in(tmp_path), tmp_path)


def on_disk(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_a_fresh_tree_holds_the_commit_and_no_git_directory(tree: Worktree) -> None:
    assert on_disk(tree.root) == FILES
    assert tree.changed() == ()
    assert tree.diff() == ""
    assert tree.head() == tree.repository.head
    assert tree.repository.branches("genesis/") == {}


def test_a_commit_holds_its_paths_message_and_trailers(tree: Worktree) -> None:
    tree.files.write("lib/shop.ex", "changed\n")
    tree.files.write("test/shop_test.exs", "new\n")
    tree.files.remove("lib/shop/cart.ex")
    paths = ["lib/shop.ex", "test/shop_test.exs", "lib/shop/cart.ex"]
    trailers = {"Genesis-Plan": "local-1", "Genesis-Action": "1-a\nSigned-off-by: x"}
    commit = tree.commit("Supervise the cart\n\nWhy.", paths, trailers)

    root = tree.repository.root
    assert plain_git(root, "rev-parse", BRANCH) == commit == tree.head()
    assert plain_git(root, "rev-parse", f"{BRANCH}^") == tree.start
    assert plain_git(root, "diff", "--name-status", "main", BRANCH).split() == [
        *("M", "lib/shop.ex"),
        *("D", "lib/shop/cart.ex"),
        *("A", "test/shop_test.exs"),
    ]
    body = plain_git(root, "log", "-1", "--format=%B", BRANCH)
    assert body == (
        "Supervise the cart\n\nWhy.\n\nGenesis-Plan: local-1\nGenesis-Action: 1-a Signed-off-by: x"
    )
    assert plain_git(root, "fsck", "--strict") == ""
    assert tree.changed() == ()


def test_a_second_commit_builds_on_the_first(tree: Worktree) -> None:
    tree.files.write("a.ex", "a")
    first = tree.commit("A", ["a.ex"])
    tree.files.write("b.ex", "b")
    second = tree.commit("B", ["b.ex"])
    assert plain_git(tree.repository.root, "rev-parse", f"{second}^") == first


def test_an_unknown_change_stops_the_commit(tree: Worktree) -> None:
    tree.files.write("lib/shop.ex", "x")
    tree.files.write("mix.lock", "written by mix")
    with pytest.raises(Refused, match=r"outside the action changed: mix\.lock"):
        tree.commit("x", ["lib/shop.ex"])
    assert tree.repository.branches("genesis/") == {}
    assert tree.head() == tree.start


def test_an_empty_commit_is_refused(tree: Worktree) -> None:
    tree.files.write("lib/shop.ex", FILES["lib/shop.ex"])
    with pytest.raises(Refused, match="nothing changed"):
        tree.commit("x", ["lib/shop.ex"])


def test_links_and_nested_repositories_are_never_committed(tree: Worktree) -> None:
    (tree.root / "lib/shop.ex").unlink()
    (tree.root / "lib/shop.ex").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="only regular files"):
        tree.commit("x", ["lib/shop.ex"])
    tree.reset()
    make_repository(tree.root / "nested")
    (changed,) = tree.changed()
    with pytest.raises(Refused, match="not a path inside the work tree: 'nested/'"):
        tree.commit("x", [changed])
    tree.reset()
    assert on_disk(tree.root) == FILES


@pytest.mark.parametrize("path", ["*.ex", ":(top)mix.exs", ":!x", "--all", "a[b].ex"])
def test_a_path_is_never_a_pattern_or_an_option(tree: Worktree, path: str) -> None:
    (tree.root / path).write_text("odd name")
    commit = tree.commit("x", [path])
    shown = plain_git(tree.repository.root, "show", "-z", "--name-only", "--format=", commit)
    assert shown.strip("\0") == path


def test_line_endings_filters_and_encodings_never_rewrite_a_byte(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo", {"crlf.ex": b"a\r\nb\r\n", "lf.ex": b"a\nb\n"})
    attributes = b"*.ex text eol=crlf ident\n*.txt working-tree-encoding=UTF-16\n"
    write_files(root, {".gitattributes": attributes, "id.ex": b"$Id$\n", "lfs.bin": b"pointer"})
    plain_git(root, "config", "core.autocrlf", "true")
    plain_git(root, "add", ".gitattributes", "id.ex", "lfs.bin")
    plain_git(root, "commit", "--quiet", "-m", "x")
    repository = Repository.open(root, settings_in(tmp_path))
    tree = start(repository, tmp_path)
    blobs = repository.read_all(repository.list(repository.head))
    assert on_disk(tree.root) == blobs
    assert blobs["crlf.ex"] == b"a\r\nb\r\n"
    assert tree.changed() == ()

    tree.files.write("crlf.ex", "a\nc\n")
    commit = tree.commit("x", ["crlf.ex"])
    after = repository.read_all(repository.list(commit))
    assert after == {**blobs, "crlf.ex": b"a\r\nc\r\n"}


def test_the_executable_bit_is_kept(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    (root / "mix.exs").chmod(0o755)
    commit_all(root)
    tree = start(Repository.open(root, settings_in(tmp_path)), tmp_path)
    tree.files.write("mix.exs", "changed")
    commit = tree.commit("x", ["mix.exs"])
    modes = {entry.path: entry.mode for entry in tree.repository.list(commit)}
    assert modes["mix.exs"] == "100755"


def test_diff_shows_new_changed_and_deleted_files(tree: Worktree) -> None:
    tree.files.write("new.ex", "n\n")
    tree.files.write("mix.exs", "m\n")
    tree.files.remove("lib/shop.ex")
    diff = tree.diff()
    for line in ("+++ b/new.ex", "--- a/lib/shop.ex", "+++ /dev/null", "+m"):
        assert f"\n{line}\n" in diff
    assert tree.changed() == ("lib/shop.ex", "mix.exs", "new.ex")
    commit = tree.commit("x", tree.changed())
    assert tree.diff() == ""
    assert tree.diff(tree.start) == diff
    assert commit != tree.start


def test_a_diff_can_be_applied_by_the_user(tree: Worktree, tmp_path: Path) -> None:
    tree.files.write("lib/shop.ex", b"no newline \xff at end")
    tree.files.write("new/file.ex", "x\n")
    patch = tmp_path / "a.patch"
    patch.write_text(tree.diff(), encoding="utf-8")
    root = tree.repository.root
    plain_git(root, "apply", str(patch))
    assert (root / "new/file.ex").read_text() == "x\n"


def test_reset_drops_everything_but_build_output(tree: Worktree) -> None:
    tree.files.write("lib/shop.ex", "x")
    tree.files.write("lib/new/deep.ex", "x")
    tree.files.remove("mix.exs")
    tree.files.write("_build/test/lib/x.beam", "built")
    tree.files.write("deps/jason/mix.exs", "fetched")
    tree.files.write(".gitignore", "*\n")
    tree.diff()
    tree.reset()
    kept = {"_build/test/lib/x.beam": b"built", "deps/jason/mix.exs": b"fetched"}
    assert on_disk(tree.root) == FILES | kept
    assert tree.changed() == ()


def test_build_output_is_no_change_where_the_project_does_not_ignore_it(tmp_path: Path) -> None:
    files = {"apps/shop/mix.exs": b"", "lib/deps/graph.ex": b""}
    root = make_repository(tmp_path / "repo", files)
    repository = Repository.open(root / "apps/shop", settings_in(tmp_path))
    tree = start(repository, tmp_path)
    for path in ("apps/shop/_build/x", "apps/shop/deps/x", "deps/x", "lib/deps/new.ex"):
        tree.files.write(path, "x")
    assert tree.changed() == ("lib/deps/new.ex",)
    assert tree.project == tree.root / "apps/shop"


def test_a_reset_in_the_second_of_a_build_is_seen_by_the_next(tree: Worktree) -> None:
    tree.files.write("lib/shop.ex", "x")
    written = int(tree.files.modified("lib/shop.ex"))
    untouched = tree.files.modified("mix.exs")
    tree.reset()
    assert int(tree.files.modified("lib/shop.ex")) > written
    assert int(tree.files.modified("lib/shop.ex")) >= int(time.time()) + 1
    assert tree.files.modified("mix.exs") == untouched


def test_a_link_planted_by_a_build_does_not_lead_a_reset_outside(
    tree: Worktree, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "shop.ex").write_text("precious")
    os.utime(outside / "shop.ex", (1, 1))
    shutil.rmtree(tree.root / "lib")
    (tree.root / "lib").symlink_to(outside)
    (tree.root / "loose").symlink_to(outside)
    tree.reset()
    assert (outside / "shop.ex").read_text() == "precious"
    assert (outside / "shop.ex").stat().st_mtime == 1
    assert on_disk(tree.root) == FILES


def test_revert_undoes_a_commit_by_a_new_one(tree: Worktree) -> None:
    tree.files.write("lib/shop.ex", "changed\n")
    tree.files.write("new.ex", "new\n")
    first = tree.commit("A", ["lib/shop.ex", "new.ex"])
    tree.files.write("other.ex", "o\n")
    second = tree.commit("B", ["other.ex"])
    undone = tree.revert(first, "Undo A", {"Genesis-Undo": first})
    assert plain_git(tree.repository.root, "rev-parse", f"{BRANCH}^") == second
    assert on_disk(tree.root) == {**FILES, "other.ex": b"o\n"}
    assert tree.head() == undone
    assert tree.changed() == ()
    with pytest.raises(Refused, match="undone already"):
        tree.revert(first, "Undo A again")


def test_a_revert_that_conflicts_changes_nothing(tree: Worktree) -> None:
    tree.files.write("lib/shop.ex", "one\n")
    first = tree.commit("A", ["lib/shop.ex"])
    tree.files.write("lib/shop.ex", "two\n")
    second = tree.commit("B", ["lib/shop.ex"])
    with pytest.raises(Refused, match="cannot be undone"):
        tree.revert(first, "Undo A")
    assert tree.head() == second == tree.repository.ref(f"refs/heads/{BRANCH}")
    assert tree.changed() == ()
    assert tree.files.read_text("lib/shop.ex") == "two\n"
    tree.files.write("mix.exs", "x")
    with pytest.raises(Refused, match="has changes"):
        tree.revert(second, "Undo B")


def test_a_killed_run_is_resumed_at_the_branch(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    killed = start(repository, tmp_path)
    killed.files.write("a.ex", "a")
    commit = killed.commit("A", ["a.ex"])
    killed.files.write("half.ex", "half")
    killed.files.write("_build/x", "built")
    (killed.directory / "git" / "index.lock").touch()
    (killed.directory / "git" / "HEAD.lock").touch()

    tree = resume(repository, tmp_path)
    assert tree.head() == commit
    assert on_disk(tree.root) == {**FILES, "a.ex": b"a", "_build/x": b"built"}
    tree.files.write("b.ex", "b")
    tree.commit("B", ["b.ex"])


def test_a_kill_between_the_branch_and_our_head_is_healed(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    killed = start(repository, tmp_path)
    killed.files.write("lib/shop.ex", "a")
    commit = killed.commit("A", ["lib/shop.ex"])
    (killed.directory / "git" / "HEAD").write_text(f"{killed.start}\n")
    assert killed.head() == killed.start
    tree = resume(repository, tmp_path)
    assert tree.head() == commit
    assert tree.files.read_text("lib/shop.ex") == "a"


def test_a_half_made_directory_is_made_anew(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    write_files(tmp_path / "work", {"tree/half": b"", "git/HEAD": b"garbage"})
    tree = resume(repository, tmp_path)
    assert on_disk(tree.root) == FILES


def test_a_broken_git_directory_is_made_anew(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    broken = start(repository, tmp_path)
    broken.files.write("a.ex", "a")
    commit = broken.commit("A", ["a.ex"])
    for name in ("index", "HEAD"):
        (broken.directory / "git" / name).write_bytes(b"garbage")
    tree = resume(repository, tmp_path)
    assert tree.head() == commit
    assert on_disk(tree.root) == {**FILES, "a.ex": b"a"}


def test_create_removes_leftovers_and_keeps_an_existing_branch(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    first = start(repository, tmp_path)
    first.files.write("a.ex", "a")
    assert on_disk(start(repository, tmp_path).root) == FILES
    again = start(repository, tmp_path)
    again.files.write("a.ex", "a")
    commit = again.commit("A", ["a.ex"])
    with pytest.raises(Refused, match="exists already"):
        start(repository, tmp_path)
    assert repository.ref(f"refs/heads/{BRANCH}") == commit


def test_a_branch_moved_by_somebody_else_is_not_overwritten(tree: Worktree) -> None:
    tree.files.write("a.ex", "a")
    tree.commit("A", ["a.ex"])
    root = tree.repository.root
    theirs = plain_git(root, "commit-tree", "-m", "theirs", "-p", BRANCH, f"{BRANCH}^{{tree}}")
    plain_git(root, "update-ref", f"refs/heads/{BRANCH}", theirs)
    tree.files.write("b.ex", "b")
    with pytest.raises(Transient, match="moved"):
        tree.commit("B", ["b.ex"])
    assert plain_git(root, "rev-parse", BRANCH) == theirs


def test_remove_leaves_only_the_branch(tree: Worktree) -> None:
    tree.files.write("a.ex", "a")
    commit = tree.commit("A", ["a.ex"])
    tree.remove()
    assert not tree.directory.exists()
    assert tree.repository.branches("genesis/") == {BRANCH: commit}
    assert plain_git(tree.repository.root, "worktree", "prune", "--verbose") == ""


def test_a_directory_inside_the_repository_is_refused(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    for directory in (repository.root / "cache", repository.git_dir / "work"):
        with pytest.raises(Unusable, match="lies inside the repository"):
            Worktree.create(repository, BRANCH, repository.head, directory)
        assert not directory.exists()


@pytest.mark.parametrize("flags", [("--object-format=sha256",), ("--shared=group",)])
def test_other_kinds_of_repository(tmp_path: Path, flags: tuple[str, ...]) -> None:
    repository = open_in(tmp_path, None, *flags)
    tree = start(repository, tmp_path)
    tree.files.write("a.ex", "a")
    commit = tree.commit("A", ["a.ex"])
    assert plain_git(repository.root, "rev-parse", BRANCH) == commit


def test_a_shallow_clone_can_be_worked_on(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    commit_all(source)
    plain_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{source}", "shallow")
    repository = Repository.open(tmp_path / "shallow", settings_in(tmp_path))
    tree = start(repository, tmp_path)
    tree.files.write("a.ex", "a")
    commit = tree.commit("A", ["a.ex"])
    assert plain_git(repository.root, "rev-list", "--count", BRANCH) == "2"
    tree.revert(commit, "Undo")


def test_a_clone_that_borrows_objects_can_be_worked_on(tmp_path: Path) -> None:
    make_repository(tmp_path / "source")
    plain_git(tmp_path, "clone", "--quiet", "--shared", "source", "borrower")
    repository = Repository.open(tmp_path / "borrower", settings_in(tmp_path))
    tree = start(repository, tmp_path)
    tree.files.write("a.ex", "a")
    assert tree.commit("A", ["a.ex"])


def test_links_and_submodules_of_the_project_are_left_as_they_are(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    (root / "link.ex").symlink_to("lib/shop.ex")
    plain_git(root, "add", "link.ex")
    head = plain_git(root, "rev-parse", "HEAD")
    plain_git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    plain_git(root, "commit", "--quiet", "-m", "x")
    repository = Repository.open(root, settings_in(tmp_path))
    tree = start(repository, tmp_path)
    assert os.readlink(tree.root / "link.ex") == "lib/shop.ex"
    assert tree.changed() == ()
    tree.files.write("a.ex", "a")
    commit = tree.commit("A", ["a.ex"])
    modes = {entry.path: entry.mode for entry in repository.list(commit)}
    assert (modes["link.ex"], modes["sub"]) == ("120000", "160000")
