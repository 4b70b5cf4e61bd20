"""A repository is read without being touched, and what cannot be worked on is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.errors import Exit, Refused, Transient, Unusable
from tests.codebase.support import (
    FILES,
    commit_all,
    make_repository,
    open_in,
    plain_git,
    settings_in,
    snapshot,
    write_files,
)


def unusable(path: Path, tmp_path: Path) -> Unusable:
    with pytest.raises(Unusable) as caught:
        Repository.open(path, settings_in(tmp_path))
    error = caught.value
    assert error.exit_code is Exit.UNUSABLE
    assert error.hint
    assert "\n" not in str(error)
    return error


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    assert "does not exist" in unusable(tmp_path / "gone", tmp_path).message


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is not a directory" in unusable(tmp_path / "file", tmp_path).message


def test_a_plain_directory_is_no_repository(tmp_path: Path) -> None:
    assert "is not a git repository" in unusable(tmp_path, tmp_path).message


def test_a_repository_without_commits_is_named(tmp_path: Path) -> None:
    plain_git(tmp_path, "init", "--quiet", "repo")
    assert "has no commit yet" in unusable(tmp_path / "repo", tmp_path).message


def test_a_bare_repository_is_named(tmp_path: Path) -> None:
    make_repository(tmp_path / "repo")
    plain_git(tmp_path, "clone", "--quiet", "--bare", "repo", "bare.git")
    assert "is a bare repository" in unusable(tmp_path / "bare.git", tmp_path).message


def test_the_git_directory_itself_is_no_checkout(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    unusable(root / ".git", tmp_path)


def test_head_branch_and_tree(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    assert repository.head == plain_git(repository.root, "rev-parse", "HEAD")
    assert repository.branch() == "main"
    tree = plain_git(repository.root, "rev-parse", "HEAD^{tree}")
    assert repository.tree_of(repository.head) == tree
    plain_git(repository.root, "checkout", "--quiet", "--detach")
    assert repository.branch() == ""


def test_a_child_app_of_an_umbrella_is_found_in_its_repository(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo", {"apps/shop/mix.exs": b"", "mix.exs": b""})
    repository = Repository.open(root / "apps" / "shop", settings_in(tmp_path))
    assert (repository.root, repository.prefix) == (root, "apps/shop")
    assert [e.path for e in repository.list(repository.head)] == ["apps/shop/mix.exs", "mix.exs"]
    assert repository.read(repository.head, "mix.exs") == b""


def test_a_linked_worktree_shares_the_git_directory(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    plain_git(root, "worktree", "add", "--quiet", "../linked")
    repository = Repository.open(tmp_path / "linked", settings_in(tmp_path))
    assert (repository.root, repository.git_dir) == (tmp_path / "linked", root / ".git")


def test_list_tells_files_from_links_and_submodules(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo", {"run.sh": b"x", "a b\né.ex": b"yy"})
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("/etc/passwd")
    head = plain_git(root, "rev-parse", "HEAD")
    plain_git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    plain_git(root, "add", "run.sh", "link")
    plain_git(root, "commit", "--quiet", "-m", "x")
    repository = Repository.open(root, settings_in(tmp_path))
    entries = {e.path: (e.mode, e.size, e.regular) for e in repository.list(repository.head)}
    assert entries == {
        "a b\né.ex": ("100644", 2, True),
        "link": ("120000", 11, False),
        "run.sh": ("100755", 1, True),
        "sub": ("160000", -1, False),
    }
    contents = repository.read_all(repository.list(repository.head))
    assert contents == {"a b\né.ex": b"yy", "run.sh": b"x"}


def test_contents_come_back_byte_for_byte(tmp_path: Path) -> None:
    big = bytes(range(256)) * 12_000
    files = {"big.bin": big, "crlf.ex": b"a\r\nb\r\n", "empty": b"", "latin.ex": b"\xe9\n\n"}
    repository = open_in(tmp_path, files)
    assert repository.read_all(repository.list(repository.head)) == files
    assert repository.read(repository.head, "big.bin") == big


def test_a_file_name_that_is_not_utf8_survives(tmp_path: Path) -> None:
    name = b"lib/\xff.ex".decode("utf-8", "surrogateescape")
    repository = open_in(tmp_path, {name: b"x"})
    assert repository.read_all(repository.list(repository.head)) == {name: b"x"}


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "./mix.exs", "gone.ex", "lib"])
def test_reading_what_is_no_file_of_the_commit_is_an_error(tmp_path: Path, path: str) -> None:
    repository = open_in(tmp_path)
    with pytest.raises((Unusable, Refused)):
        repository.read(repository.head, path)


def test_replace_refs_do_not_change_what_we_read(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    first = repository.head
    write_files(repository.root, {"mix.exs": b"other"})
    second = commit_all(repository.root)
    plain_git(repository.root, "replace", first, second)
    assert repository.read(first, "mix.exs") == FILES["mix.exs"]


def test_dirty_names_changed_staged_deleted_and_new_paths(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    assert repository.dirty() == ()
    write_files(repository.root, {"mix.exs": b"changed", "new dir/ä.ex": b"", "_build/x": b""})
    (repository.root / "lib/shop.ex").unlink()
    plain_git(repository.root, "mv", "lib/shop/cart.ex", "lib/basket.ex")
    assert repository.dirty() == (
        "lib/basket.ex",
        "lib/shop.ex",
        "lib/shop/cart.ex",
        "mix.exs",
        "new dir/ä.ex",
    )


def test_resolve_takes_names_and_never_options(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    assert repository.resolve("main") == repository.head
    for revision in ("gone", "--all", "-h", "HEAD^{tree}", "main..main", ""):
        with pytest.raises(Unusable, match="no such commit"):
            repository.resolve(revision)


def test_branches_by_prefix(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    plain_git(repository.root, "branch", "genesis/local-1/stage-1")
    head = repository.head
    assert repository.branches("genesis/") == {"genesis/local-1/stage-1": head}
    assert repository.branches() == {"genesis/local-1/stage-1": head, "main": head}


def test_only_our_own_refs_are_moved(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    for name in ("refs/heads/main", "refs/heads/genesisx/a", "refs/tags/x", "HEAD"):
        with pytest.raises(Refused):
            repository.update_ref(name, repository.head, None)
    assert repository.ref("refs/tags/x") is None


def test_a_ref_moves_only_from_where_it_was_seen(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    name, first = "refs/genesis/plan-1", repository.head
    second = commit_all(repository.root)
    repository.update_ref(name, first, None)
    with pytest.raises(Transient):
        repository.update_ref(name, second, None)
    with pytest.raises(Transient):
        repository.update_ref(name, first, second)
    repository.update_ref(name, second, first)
    assert repository.ref(name) == second
    repository.update_ref(name, None, second)
    assert repository.ref(name) is None


def test_a_branch_somebody_looks_at_is_not_moved(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    plain_git(repository.root, "checkout", "--quiet", "-b", "genesis/local-1/stage-1")
    with pytest.raises(Refused, match="is checked out"):
        repository.update_ref(
            "refs/heads/genesis/local-1/stage-1", repository.head, repository.head
        )


def test_a_users_branch_in_the_way_is_named(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    plain_git(repository.root, "branch", "genesis")
    with pytest.raises(Refused, match="in the way"):
        repository.update_ref("refs/heads/genesis/local-1/stage-1", repository.head, None)


def test_a_lock_left_by_a_kill_is_named_with_its_path(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    lock = repository.git_dir / "refs/genesis/plan-1.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(Transient) as caught:
        repository.update_ref("refs/genesis/plan-1", repository.head, None)
    assert str(lock) in caught.value.hint


def test_the_next_run_clears_a_lock_left_by_a_kill_on_our_refs_only(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    names = ("refs/genesis/plan-1", "refs/heads/genesis/1/stage-1", "refs/heads/main")
    locks = [repository.git_dir / f"{name}.lock" for name in (*names, "refs/genesis/plan-2")]
    for lock in locks:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    for lock in locks[:3]:
        os.utime(lock, (1, 1))
    with repository.locked():
        assert [lock.exists() for lock in locks] == [False, False, True, True]
        repository.update_ref("refs/genesis/plan-1", repository.head, None)


def test_the_users_checkout_is_left_byte_for_byte(tmp_path: Path) -> None:
    repository = open_in(tmp_path)
    root = repository.root
    write_files(root, {"mix.exs": b"stashed"})
    plain_git(root, "stash", "--quiet")
    write_files(root, {"mix.exs": b"staged", "new.ex": b"untracked", "_build/lib/x": b"ignored"})
    plain_git(root, "add", "mix.exs")
    write_files(root, {"lib/shop.ex": b"not staged"})
    before = snapshot(root)

    assert repository.dirty() == ("lib/shop.ex", "mix.exs", "new.ex")
    tree = Worktree.create(repository, "genesis/local-1/stage-1", repository.head, tmp_path / "w")
    tree.files.write("lib/shop.ex", "ours")
    tree.revert(tree.commit("Ours", ["lib/shop.ex"]), "Undo")
    tree.reset()
    tree.remove()

    assert snapshot(root) == before
    assert len(repository.branches("genesis/")) == 1
    assert plain_git(root, "stash", "list") != ""
