"""Finds files by the patterns of hashFiles, cache and the artifact actions."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from bot.simulator.actions.runner.inside import is_file, open_file

MAX_FILES = 200_000
MAX_HASHED = 256 * 2**20
"""Bytes that hashFiles reads at most."""
BLOCK = 2**20


Pattern = tuple[bool, tuple[str, ...]]
"""Whether it takes away, and its parts."""


class GlobError(ValueError):
    """Patterns that would reach beyond their bounds."""


def find_files(root: Path, patterns: Iterable[str], *, hidden: bool = True) -> list[Path]:
    """Regular files under `root`, sorted; `!` in front of a pattern takes away. A pattern that
    names a folder means all in it. Links count as what they lead to, if that is under `root`."""
    return [path for path in find_entries(root, patterns, hidden=hidden) if is_file(root, path)]


def find_entries(root: Path, patterns: Iterable[str], *, hidden: bool = True) -> list[Path]:
    """Likewise, but also folders, links, and what can be no part of anything."""
    wanted = [_parts(root, p) for p in patterns if p.strip() and not p.strip().startswith("#")]
    found = [path for path in _walk(root, wanted, hidden) if _chosen(wanted, _below(root, path))]
    return sorted(found)


def _parts(root: Path, pattern: str) -> Pattern:
    pattern = pattern.strip()
    negative = pattern.startswith("!")
    text = os.path.normpath(os.path.join(root, pattern.removeprefix("!").strip()))
    base = os.path.normpath(root)
    if text != base and not text.startswith(base + os.sep):
        raise GlobError(f"{pattern[:200]!r} is outside of {base}")
    return negative, tuple(p for p in text[len(base) :].split(os.sep) if p)


def _below(root: Path, path: Path) -> tuple[str, ...]:
    return path.relative_to(root).parts


def _chosen(wanted: Sequence[Pattern], parts: tuple[str, ...]) -> bool:
    chosen = False
    for negative, pattern in wanted:
        if chosen is negative and _fits(pattern, parts):
            chosen = not negative
    return chosen


def _fits(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the pattern fits the path or a folder above it."""
    return len(pattern) in _states(pattern, parts)


def _states(pattern: tuple[str, ...], parts: tuple[str, ...]) -> set[int]:
    """The places in the pattern where one may be after the path, so that many `**` cost no more
    than one; none: nothing below the path fits either."""
    states = _skip({0}, pattern)
    for part in parts:
        if len(pattern) in states:
            break
        after: set[int] = set()
        for state in states:
            if pattern[state] == "**":
                after.add(state)
            elif fnmatch.fnmatchcase(part, pattern[state]):
                after.add(state + 1)
        states = _skip(after, pattern)
    return states


def _skip(states: set[int], pattern: tuple[str, ...]) -> set[int]:
    reached = set(states)
    for state in sorted(states):
        while state < len(pattern) and pattern[state] == "**":
            state += 1
            reached.add(state)
    return reached


def _walk(root: Path, wanted: Sequence[Pattern], hidden: bool) -> Iterator[Path]:
    """Whatever is in the folders in which something may fit; into links it does not go."""
    if not wanted:
        return
    if root.resolve() != root:
        raise GlobError(f"{root} is a link")
    count = 0
    for folder, folders, names in os.walk(root):
        for name in [*folders, *names]:
            count += 1
            if count > MAX_FILES:
                raise GlobError(f"More than {MAX_FILES:,} files under {root}")
            if hidden or not name.startswith("."):
                yield Path(folder, name)
        folders[:] = [
            name
            for name in sorted(folders)
            if (hidden or not name.startswith(".")) and _leads(wanted, root, Path(folder, name))
        ]


def _leads(wanted: Sequence[Pattern], root: Path, folder: Path) -> bool:
    parts = _below(root, folder)
    return any(_states(pattern, parts) for negative, pattern in wanted if not negative)


def digest(file: BinaryIO) -> bytes:
    found = hashlib.sha256()
    while block := file.read(BLOCK):
        found.update(block)
    return found.digest()


def hash_files(root: Path, patterns: Iterable[str]) -> str:
    """SHA-256 over the digests of the files; empty where nothing fits."""
    digests: list[bytes] = []
    size = 0
    for path in find_files(root, patterns):
        with open_file(root, path) as file:
            size += os.fstat(file.fileno()).st_size
            if size > MAX_HASHED:
                raise GlobError(f"The files have more than {MAX_HASHED:,} bytes")
            digests.append(digest(file))
    return hashlib.sha256(b"".join(digests)).hexdigest() if digests else ""
