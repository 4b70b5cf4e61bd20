"""Commits we made, read back with the trailers that say which action they carry out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.codebase.git import checked_commit
from bot.codebase.repository import Repository

FORMAT = "--format=%x00%H%x01%s%x01%(trailers:only,unfold)"


@dataclass(frozen=True)
class Commit:
    """One commit of a branch."""

    sha: str
    subject: str
    trailers: Mapping[str, str]
    """Last value by name."""


def commits(repository: Repository, base: str, tip: str) -> tuple[Commit, ...]:
    """Commits reachable from `tip` and not from `base`, oldest first.

    After a kill between a commit and its record, the trailers tell what was done.
    """
    span = (checked_commit(tip), f"^{checked_commit(base)}")
    out = repository.git.line("log", "--reverse", "--topo-order", "--no-patch", FORMAT, *span, "--")
    return tuple(_commit(record) for record in out.split("\0") if record.strip())


def _commit(record: str) -> Commit:
    sha, subject, block = record.split("\x01", 2)
    pairs = (line.partition(": ") for line in block.split("\n") if ": " in line)
    return Commit(sha, subject, {name: value for name, _, value in pairs})
