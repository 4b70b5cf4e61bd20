"""Merges, squashes and rebases as commits: no work tree, and no ref is moved.

The caller moves a ref to the result, with `update_ref` and what it expects there.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.git.directory import full_sha
from bot.simulator.git.errors import MergeConflict
from bot.simulator.git.objects import EMPTY_TREE, Commit, Person
from bot.simulator.git.repository import BareRepository


@dataclass(frozen=True)
class Merged:
    """It merges cleanly, to this tree."""

    tree: str


@dataclass(frozen=True)
class Conflicts:
    """It does not; without files where the histories have nothing in common."""

    files: tuple[str, ...]


async def try_merge(repository: BareRepository, base: str, head: str) -> Merged | Conflicts:
    """What merging head into base gives; remembered, as both are shas of commits."""

    async def ask() -> Merged | Conflicts:
        if await repository.merge_base(base, head) is None:
            return Conflicts(())
        return await _merge_trees(repository, base, head)

    return await repository.once(("merge", base, head), ask)


async def merge_commit(
    repository: BareRepository,
    base: str,
    head: str,
    *,
    author: Person,
    committer: Person,
    message: str,
) -> str:
    """A merge of head into base, also where a fast-forward would do. Raises MergeConflict.

    For updating the branch of a pull request, its tip is `base` and the base branch `head`.
    """
    tree = await _merged(repository, base, head)
    return await repository.write_commit(
        tree, (base, head), author=author, committer=committer, message=message
    )


async def squash_commit(
    repository: BareRepository,
    base: str,
    head: str,
    *,
    author: Person,
    committer: Person,
    message: str,
) -> str:
    """All of head as one commit upon base. Raises MergeConflict."""
    tree = await _merged(repository, base, head)
    return await repository.write_commit(
        tree, (base,), author=author, committer=committer, message=message
    )


async def rebase_commits(
    repository: BareRepository, base: str, head: str, *, committer: Person
) -> str:
    """The new tip: head's commits made anew upon base, even where head builds upon it already.

    As `git rebase --no-ff` does it: merges and what base has under another sha are left out, and
    what becomes empty, too. Authors and their dates stay. Raises MergeConflict.
    """
    tip = await repository.commit(base)
    for commit in await _own_commits(repository, base, head):
        tip = await _replay(repository, commit, tip, committer)
    return tip.sha


async def _own_commits(repository: BareRepository, base: str, head: str) -> list[Commit]:
    span = f"{full_sha(base)}...{full_sha(head)}"
    argv = ("--topo-order", "--reverse", "--no-merges", "--cherry-pick", "--right-only")
    return await repository.commits(
        (await repository.git("rev-list", *argv, span, "--")).text.split()
    )


async def _replay(
    repository: BareRepository, commit: Commit, tip: Commit, committer: Person
) -> Commit:
    before, after = await _side_by_side(repository, commit, tip, committer)
    outcome = await _merge_trees(repository, before, after)
    if isinstance(outcome, Conflicts):
        raise MergeConflict(outcome.files)
    if outcome.tree == tip.tree and not await _is_empty(repository, commit):
        return tip
    sha = await repository.write_commit(
        outcome.tree,
        (tip.sha,),
        author=commit.author,
        committer=committer,
        message=commit.message,
    )
    return await repository.commit(sha)


async def _side_by_side(
    repository: BareRepository, commit: Commit, tip: Commit, committer: Person
) -> tuple[str, str]:
    """Two commits whose merge is a cherry-pick: the tip's tree and the commit, with one parent.

    git 2.40 has `merge-tree --merge-base` for it; 2.39 is asked this way.
    """

    async def write(tree: str, *parents: str) -> str:
        return await repository.write_commit(
            tree, parents, author=committer, committer=committer, message=""
        )

    parent = commit.parents[0] if commit.parents else await write(EMPTY_TREE)
    other = commit.sha if commit.parents else await write(commit.tree, parent)
    return await write(tip.tree, parent), other


async def _is_empty(repository: BareRepository, commit: Commit) -> bool:
    """Whether it changed nothing in the first place; such commits stay."""
    if not commit.parents:
        return commit.tree == EMPTY_TREE
    return commit.tree == (await repository.commit(commit.parents[0])).tree


async def _merged(repository: BareRepository, base: str, head: str) -> str:
    outcome = await try_merge(repository, base, head)
    if isinstance(outcome, Conflicts):
        raise MergeConflict(outcome.files)
    return outcome.tree


async def _merge_trees(repository: BareRepository, base: str, head: str) -> Merged | Conflicts:
    argv = ("merge-tree", "--write-tree", "--no-messages", "--name-only", "-z")
    asked = await repository.git(*argv, base, head, accept=(0, 1))
    tree, *files = asked.stdout.decode(errors="surrogateescape").rstrip("\0").split("\0")
    return Conflicts(tuple(files)) if asked.code else Merged(tree)
