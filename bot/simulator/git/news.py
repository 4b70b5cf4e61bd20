"""What a push brought: which commits are new, and which paths each of them touches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.simulator.git.directory import full_sha
from bot.simulator.git.objects import Commit
from bot.simulator.git.repository import BareRepository

COMMIT = re.compile(r"[0-9a-f]{40}")
MOST_PATHS = 3000
"""Of all the commits of one question; further ones are left out."""
LISTING = 16 << 20


@dataclass(frozen=True)
class PathChanges:
    """Paths without contents; a renamed file is removed and added."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


async def shas_beyond(repository: BareRepository, head: str, known: Iterable[str]) -> list[str]:
    """The commits of head that none of the known ones has, oldest first."""
    tips = set(known)
    if head in tips:
        return []
    lines = "".join(f"^{full_sha(sha)}\n" for sha in tips)
    listing = await repository.git(
        *("rev-list", "--topo-order", "--reverse", "--stdin", full_sha(head)),
        stdin=lines.encode() or b"\n",
    )
    return listing.text.split()


async def path_changes(
    repository: BareRepository, commits: Sequence[Commit]
) -> dict[str, PathChanges]:
    """By sha, each against its first parent."""
    if not commits:
        return {}
    lines = "".join(" ".join((c.sha, *c.parents[:1])) + "\n" for c in commits)
    argv = ("diff-tree", "--stdin", "-r", "-z", "--root", "--no-renames", "--name-status")
    listing = await repository.git(*argv, stdin=lines.encode(), limit=LISTING, cut=True)
    found: dict[str, dict[str, list[str]]] = {commit.sha: {} for commit in commits}
    text = listing.stdout.decode(errors="surrogateescape")
    for number, (sha, letter, path) in enumerate(_entries(text)):
        if number >= MOST_PATHS:
            break
        found[sha].setdefault(letter, []).append(path)
    return {sha: _changes(by_letter) for sha, by_letter in found.items()}


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """(commit, letter, path); the sha of a commit stands alone before its entries."""
    tokens = iter(text.split("\0")[:-1])
    sha = ""
    for token in tokens:
        if COMMIT.fullmatch(token):
            sha = token
        elif (path := next(tokens, None)) is not None:
            yield sha, token, path


def _changes(by_letter: dict[str, list[str]]) -> PathChanges:
    modified = [*by_letter.get("M", []), *by_letter.get("T", [])]
    return PathChanges(
        tuple(by_letter.get("A", [])), tuple(by_letter.get("D", [])), tuple(sorted(modified))
    )
