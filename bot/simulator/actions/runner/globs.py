"""Finds files by the patterns of hashFiles, cache and the artifact actions."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

MAX_FILES = 200_000
MAX_HASHED = 256 * 2**20
"""Bytes that hashFiles reads at most."""
BLOCK = 2**20


class GlobError(ValueError):
    """Patterns that would reach beyond their bounds."""


def find_files(root: Path, patterns: Iterable[str], *, hidden: bool = True) -> list[Path]:
    """Regular files under `root`, sorted; `!` in front of a pattern takes away. A pattern that
    names a folder means all in it."""
    wanted = [_parts(root, p) for p in patterns if p.strip() and not p.strip().startswith("#")]
    if not wanted:
        return []
    found = [path for path in _walk(root, hidden) if _chosen(wanted, path.relative_to(root).parts)]
    return sorted(found)


def _parts(root: Path, pattern: str) -> tuple[bool, tuple[str, ...]]:
    pattern = pattern.strip()
    negative = pattern.startswith("!")
    text = os.path.normpath(os.path.join(root, pattern.removeprefix("!").strip()))
    base = os.path.normpath(root)
    if text != base and not text.startswith(base + os.sep):
        raise GlobError(f"{pattern[:200]!r} is outside of {base}")
    return negative, tuple(p for p in text[len(base) :].split(os.sep) if p)


def _chosen(wanted: Sequence[tuple[bool, tuple[str, ...]]], parts: tuple[str, ...]) -> bool:
    chosen = False
    for negative, pattern in wanted:
        if chosen is negative and _fits(pattern, parts):
            chosen = not negative
    return chosen


def _fits(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the pattern fits the path or a folder above it. States are places in the pattern,
    so that many `**` cost no more than one."""
    states = _skip({0}, pattern)
    for part in parts:
        if len(pattern) in states:
            return True
        after: set[int] = set()
        for state in states:
            if pattern[state] == "**":
                after.add(state)
            elif fnmatch.fnmatchcase(part, pattern[state]):
                after.add(state + 1)
        states = _skip(after, pattern)
    return len(pattern) in states


def _skip(states: set[int], pattern: tuple[str, ...]) -> set[int]:
    reached = set(states)
    for state in sorted(states):
        while state < len(pattern) and pattern[state] == "**":
            state += 1
            reached.add(state)
    return reached


def _walk(root: Path, hidden: bool) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if hidden or not f.startswith("."))
        for name in names:
            path = Path(folder, name)
            if (hidden or not name.startswith(".")) and is_regular(path):
                count += 1
                if count > MAX_FILES:
                    raise GlobError(f"More than {MAX_FILES:,} files under {root}")
                yield path


def is_regular(path: Path) -> bool:
    """Links count as what they lead to; pipes and devices are never opened."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def digest_file(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.digest()


def hash_files(root: Path, patterns: Iterable[str]) -> str:
    """SHA-256 over the digests of the files; empty where nothing fits."""
    files = find_files(root, patterns)
    if not files:
        return ""
    if sum(path.stat().st_size for path in files) > MAX_HASHED:
        raise GlobError(f"The files have more than {MAX_HASHED:,} bytes")
    return hashlib.sha256(b"".join(digest_file(path) for path in files)).hexdigest()
