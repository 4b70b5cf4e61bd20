"""What a repository holds, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

NULL_SHA = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""Every git knows it, stored or not."""

Kind = Literal["blob", "tree", "commit", "tag"]


@dataclass(frozen=True)
class Person:
    """Who wrote or committed, and when; `when` keeps its own time zone."""

    name: str
    email: str
    when: datetime

    @property
    def date(self) -> str:
        """As the API says it: UTC, to the second, with a Z."""
        return self.when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Commit:
    """`signature` is the raw `gpgsig` header, unchecked."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    signature: str | None = None


@dataclass(frozen=True)
class Tag:
    """An annotated tag; `target` may be any object."""

    sha: str
    name: str
    target: str
    target_type: Kind
    tagger: Person | None
    message: str


@dataclass(frozen=True)
class Entry:
    """An entry of a tree; `path` starts at the tree that was listed. Only blobs have a size."""

    path: str
    mode: str
    type: Kind
    sha: str
    size: int | None = None


@dataclass(frozen=True)
class TreeEdit:
    """Puts `sha` at `path`; None removes what is there. `mode` has six digits, as in Entry."""

    path: str
    mode: str
    sha: str | None


@dataclass(frozen=True)
class RefChange:
    """`old` is None for a new ref, `new` for a deleted one."""

    name: str
    old: str | None
    new: str | None


Status = Literal["added", "removed", "modified", "renamed", "copied", "changed"]


@dataclass(frozen=True)
class FileChange:
    """A changed file; `sha` is its new blob, or the old one of a removed file.

    `patch` is its hunks without a header; None for a binary, an unchanged or a large text.
    """

    status: Status
    filename: str
    previous: str | None
    sha: str
    additions: int
    deletions: int
    patch: str | None

    @property
    def changes(self) -> int:
        return self.additions + self.deletions
