"""Merge, squash and rebase, compared with what git does in an ordinary clone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.simulator.git import (
    BareRepository,
    Conflicts,
    MergeConflict,
    Merged,
    Person,
    merge_commit,
    rebase_commits,
    squash_commit,
    try_merge,
)
from tests.simulator.git.ordinary import attempt, commit_file, git, ordinary_refs, work_tree

pytestmark = pytest.mark.anyio

ANN = Person("Ann", "ann@example.invalid", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
HUB = Person("GitHub", "noreply@github.com", datetime(2024, 1, 3, tzinfo=UTC))
LINES = "".join(f"line {n}\n" for n in range(40))


def change_line(work: Path, number: int, text: str, name: str = "a.ex") -> str:
    lines = (work / name).read_text().splitlines(keepends=True)
    lines[number] = f"{text}\n"
    return commit_file(work, name, "".join(lines), f"Say {text}")


def diverged(work: Path) -> None:
    """Both sides change different lines of one file; head has two commits."""
    commit_file(work, "a.ex", LINES)
    git(work, "checkout", "-q", "-b", "head")
    change_line(work, 3, "three")
    change_line(work, 5, "five")
    git(work, "checkout", "-q", "main")
    change_line(work, 30, "thirty")


def renamed(work: Path) -> None:
    """One side renames what the other changes."""
    commit_file(work, "a.ex", LINES)
    git(work, "checkout", "-q", "-b", "head")
    git(work, "mv", "a.ex", "b.ex")
    git(work, "commit", "-q", "-m", "Rename")
    git(work, "checkout", "-q", "main")
    change_line(work, 30, "thirty")


def half_done(work: Path) -> None:
    """Base has taken over one of head's commits under another sha."""
    diverged(work)
    git(work, "cherry-pick", "head~1")


def ahead(work: Path) -> None:
    """Head builds upon base."""
    commit_file(work, "a.ex", LINES)
    git(work, "checkout", "-q", "-b", "head")
    change_line(work, 3, "three")
    git(work, "commit", "-q", "--allow-empty", "-m", "Nothing")
    git(work, "checkout", "-q", "main")


def merged_before(work: Path) -> None:
    """Head holds a merge of an older base."""
    diverged(work)
    git(work, "checkout", "-q", "head")
    git(work, "merge", "-q", "--no-edit", "main")
    change_line(work, 8, "eight")
    git(work, "checkout", "-q", "main")
    change_line(work, 20, "twenty")


def becomes_empty(work: Path) -> None:
    """Base did, in one larger commit, what a commit of head does."""
    commit_file(work, "a.ex", LINES)
    git(work, "checkout", "-q", "-b", "head")
    change_line(work, 3, "three")
    change_line(work, 25, "more")
    git(work, "checkout", "-q", "main")
    change_line(work, 3, "three")
    git(work, "commit", "-q", "--amend", "-m", "Both")
    lines = (work / "a.ex").read_text().replace("line 12\n", "twelve\n")
    (work / "a.ex").write_text(lines)
    git(work, "commit", "-q", "-a", "--amend", "-m", "Both")


SHAPES = [diverged, renamed, half_done, ahead, merged_before, becomes_empty]
Shape = Callable[[Path], None]


async def both(shape: Shape, tmp_path: Path) -> tuple[BareRepository, Path, str, str]:
    """The bare repository, a clone to compare with, base and head."""
    work = work_tree(tmp_path / "work2")
    shape(work)
    bare = BareRepository(tmp_path / "merging.git")
    await bare.import_from(work)
    return bare, work, git(work, "rev-parse", "main"), git(work, "rev-parse", "head")


def shown(work: Path, *span: str) -> list[str]:
    """Author, date of the author, message and tree of each commit."""
    return git(work, "log", "--format=%an %ae %aI %s %T", *span).splitlines()


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_merge_is_the_one_of_git(shape: Shape, tmp_path: Path) -> None:
    bare, work, base, head = await both(shape, tmp_path)
    before = ordinary_refs(bare.path)
    made = await merge_commit(bare, base, head, author=ANN, committer=HUB, message="Merge\n")
    git(work, "merge", "-q", "--no-ff", "-m", "Merge", "head")
    commit = await bare.commit(made)
    assert commit.tree == git(work, "rev-parse", "HEAD^{tree}")
    assert commit.parents == (base, head)
    assert (commit.author, commit.committer, commit.message) == (ANN, HUB, "Merge\n")
    assert await try_merge(bare, base, head) == Merged(commit.tree)
    assert ordinary_refs(bare.path) == before
    await bare.close()


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_squash_is_the_one_of_git(shape: Shape, tmp_path: Path) -> None:
    bare, work, base, head = await both(shape, tmp_path)
    made = await squash_commit(bare, base, head, author=ANN, committer=HUB, message="All (#1)")
    git(work, "merge", "-q", "--squash", "head")
    git(work, "commit", "-q", "-m", "x")
    commit = await bare.commit(made)
    assert commit.tree == git(work, "rev-parse", "HEAD^{tree}")
    assert (commit.parents, commit.message) == ((base,), "All (#1)")
    await bare.close()


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_rebase_is_the_one_of_git(shape: Shape, tmp_path: Path) -> None:
    bare, work, base, head = await both(shape, tmp_path)
    before = ordinary_refs(bare.path)
    made = await rebase_commits(bare, base, head, committer=HUB)
    git(work, "rebase", "-q", "--no-ff", "main", "head")
    assert shown(bare.path, f"{base}..{made}") == shown(work, "main..head")
    committers = git(bare.path, "log", "--format=%cn %cI", f"{base}..{made}").splitlines()
    assert set(committers) == {"GitHub 2024-01-03T00:00:00+00:00"}
    assert head not in git(bare.path, "rev-list", made).split()
    assert ordinary_refs(bare.path) == before
    git(bare.path, "fsck", "--strict")
    await bare.close()


def in_conflict(work: Path) -> None:
    commit_file(work, "a.ex", LINES)
    commit_file(work, "ü b.ex", LINES)
    git(work, "checkout", "-q", "-b", "head")
    change_line(work, 3, "mine")
    change_line(work, 3, "mine", "ü b.ex")
    git(work, "checkout", "-q", "main")
    change_line(work, 3, "yours")
    change_line(work, 3, "yours", "ü b.ex")


async def test_conflicts_are_named_and_nothing_is_made(tmp_path: Path) -> None:
    bare, work, base, head = await both(in_conflict, tmp_path)
    assert await try_merge(bare, base, head) == Conflicts(("a.ex", "ü b.ex"))
    for making in (merge_commit, squash_commit):
        with pytest.raises(MergeConflict) as caught:
            await making(bare, base, head, author=ANN, committer=HUB, message="x")
        assert caught.value.files == ("a.ex", "ü b.ex")
    with pytest.raises(MergeConflict) as stopped:
        await rebase_commits(bare, base, head, committer=HUB)
    assert stopped.value.files == ("a.ex",)
    assert attempt(work, "merge", "head").returncode
    await bare.close()


async def test_histories_without_a_common_commit_do_not_merge(
    bare: BareRepository, work: Path
) -> None:
    base = git(work, "rev-parse", "HEAD")
    git(work, "checkout", "-q", "--orphan", "head")
    head = commit_file(work, "other.ex", "x", "Other")
    git(bare.path, "fetch", "-q", str(work), head)
    assert await try_merge(bare, base, head) == Conflicts(())
    with pytest.raises(MergeConflict):
        await squash_commit(bare, base, head, author=ANN, committer=HUB, message="x")


async def test_a_root_commit_can_be_rebased(bare: BareRepository, work: Path) -> None:
    base = git(work, "rev-parse", "HEAD")
    git(work, "checkout", "-q", "--orphan", "head")
    git(work, "rm", "-q", "-rf", ".")
    head = commit_file(work, "other.ex", "x", "Other")
    git(bare.path, "fetch", "-q", str(work), head)
    made = await rebase_commits(bare, base, head, committer=HUB)
    listed = git(bare.path, "ls-tree", "--name-only", made).splitlines()
    assert listed == ["mix.exs", "other.ex"]


async def test_a_branch_is_updated_from_its_base(tmp_path: Path) -> None:
    bare, _, base, head = await both(diverged, tmp_path)
    made = await merge_commit(bare, head, base, author=ANN, committer=HUB, message="Update")
    assert (await bare.commit(made)).parents == (head, base)
    await bare.update_ref("refs/heads/head", made, head)
    assert await bare.is_ancestor(base, made)
    assert await try_merge(bare, base, made) == Merged((await bare.commit(made)).tree)
    await bare.close()
