"""What a manifest may hold: it comes from a machine on which a model and strangers' code worked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TypeVar

from pydantic import ValidationError

from bot.codebase.paths import Glob, parts, spelling
from bot.core.lifecycle.manifest import (
    MOST_CONTENT,
    MOST_MANIFEST,
    CommitToMake,
    FileChange,
    Handed,
    Manifest,
)
from bot.core.policy import Policy
from bot.core.sanitize import strip_hidden
from bot.errors import Refused
from bot.verify.gates import NEVER

LONGEST_NAME = 255
FILE_MODES = ("100644", "100755")

FORGED = re.compile(
    r"^\s*(?:Genesis-[A-Za-z-]+|Co-authored-by|Signed-off-by)\s*:", re.IGNORECASE | re.MULTILINE
)
CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+\S{0,100}#\d", re.IGNORECASE
)
"""What closes an issue when the commit is merged."""

H = TypeVar("H", bound=Handed)
Entries = Mapping[str, tuple[str, str]]
"""Mode and object id by path."""


def read_handed(kind: type[H], data: bytes, digest: str) -> H:
    """A record another job handed over; raises `Refused` unless it is the one it told of."""
    if len(data) > MOST_MANIFEST:
        raise Refused(f"what was handed over has {len(data):,} bytes")
    if hashlib.sha256(data).hexdigest() != digest:
        raise Refused("the artifact is not the one its job told of: the digests differ")
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refused(f"what was handed over does not read: {place}: {first['msg']}") from None


def content_of(file: FileChange) -> bytes | None:
    """The bytes of the file, None where it is deleted; raises `Refused`."""
    if file.content is None:
        return None
    try:
        data = base64.b64decode(file.content, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"the content of {file.path!r} is no base64") from None
    if len(data) > MOST_CONTENT:
        raise Refused(f"{file.path!r} has {len(data):,} bytes; {MOST_CONTENT:,} are allowed")
    return data


@dataclass
class Rules:
    """Follows a manifest through the tree it changes; `broken` lists what it breaks, in order."""

    entries: dict[str, tuple[str, str]]
    """The tree, from the base on."""
    allowed: frozenset[str]
    """Actions that may be carried out."""
    policy: Policy
    broken: list[str] = field(default_factory=list)
    _touched: set[str] = field(default_factory=set)
    _spelled: dict[str, str] = field(default_factory=dict)
    _folders: set[str] = field(default_factory=set)

    @classmethod
    def at(cls, base: Entries, allowed: frozenset[str], policy: Policy) -> Rules:
        """For a manifest upon the tree of `base`."""
        rules = cls(dict(base), allowed, policy)
        for path in base:
            rules._add(path)
        return rules

    def follow(self, manifest: Manifest) -> tuple[str, ...]:
        """Every rule it breaks; empty where it may be carried out."""
        if not manifest.commits:
            self.broken.append("there is no commit in it")
        done: set[str] = set()
        for commit in manifest.commits:
            self._action(commit, done)
            self._message(commit)
            self._files(commit)
        most = self.policy.limits.files
        if len(self._touched) > most:
            self.broken.append(f"{len(self._touched)} files are changed; {most} are allowed")
        return tuple(dict.fromkeys(self.broken))

    def _action(self, commit: CommitToMake, done: set[str]) -> None:
        if commit.action not in self.allowed:
            self.broken.append(f"nobody approved an action {commit.action!r}")
        if commit.action in done:
            self.broken.append(f"action {commit.action!r} is there twice")
        done.add(commit.action)

    def _message(self, commit: CommitToMake) -> None:
        text = commit.message
        if strip_hidden(text) != text:
            self.broken.append(f"the message for {commit.action!r} has hidden characters")
        if not text.split("\n", 1)[0].strip() or FORGED.search(text):
            self.broken.append(f"the message for {commit.action!r} has a trailer or no subject")
        if CLOSING.search(text):
            self.broken.append(f"the message for {commit.action!r} would close an issue")

    def _files(self, commit: CommitToMake) -> None:
        seen: set[str] = set()
        for file in commit.files:
            problems = list(self._path(file.path))
            if file.path in seen:
                problems.append("is there twice in one commit")
            seen.add(file.path)
            if not problems:
                problems = list(self._change(file))
            self.broken += [f"{file.path!r} {problem}" for problem in problems]
            self._touched.add(file.path)

    def _path(self, path: str) -> Iterator[str]:
        try:
            pieces = parts(path)
        except Refused:
            yield "is no path that may be written"
            return
        if strip_hidden(path) != path or not path.isprintable():
            yield "has hidden characters"
        if any(len(piece.encode("utf-8", "replace")) > LONGEST_NAME for piece in pieces):
            yield "has too long a name"
        for spelled in dict.fromkeys((path, spelling(path))):
            if any(fnmatchcase(spelled, pattern) for pattern in NEVER) or self._protected(spelled):
                yield "is a protected path"
                return

    def _protected(self, path: str) -> bool:
        return any(Glob.of(pattern).matches(path) for pattern in self.policy.protected_paths)

    def _change(self, file: FileChange) -> Iterator[str]:
        mode, blob = self.entries.get(file.path, ("", ""))
        if mode and mode not in FILE_MODES:
            yield "is no regular file"
            return
        if file.before != blob:
            yield "is not what the change was made for"
        if file.mode != (mode or "100644"):
            yield f"would get the mode {file.mode}"
        try:
            data = content_of(file)
        except Refused as error:
            self.broken.append(error.message)
            return
        if data is None:
            if not blob:
                yield "is deleted but is not there"
            self.entries.pop(file.path, None)
            return
        if (new := blob_id(data)) == blob:
            yield "is not changed at all"
        if not blob:
            yield from self._room(file.path)
            self._add(file.path)
        self.entries[file.path] = (file.mode, new)

    def _room(self, path: str) -> Iterator[str]:
        above = [folder.as_posix() for folder in PurePosixPath(path).parents]
        if path in self._folders or any(folder in self.entries for folder in above):
            yield "is in the way of another path"
        for piece in (path, *above[:-1]):
            if self._spelled.get(spelling(piece), piece) != piece:
                yield f"is spelled almost like {self._spelled[spelling(piece)]!r}"
                return

    def _add(self, path: str) -> None:
        above = [folder.as_posix() for folder in PurePosixPath(path).parents][:-1]
        self._folders.update(above)
        for piece in (path, *above):
            self._spelled.setdefault(spelling(piece), piece)


def blob_id(data: bytes) -> str:
    """Git's id of a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 - git's own hash
