"""Refs, kept in memory: this process is the only one that writes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bot.simulator.git.directory import GitDirectory, full_sha
from bot.simulator.git.errors import GitFailed, RefExists, RefMissing, RefMoved, RefRefused
from bot.simulator.git.objects import NULL_SHA, RefChange
from bot.simulator.git.process import run_blocking
from bot.simulator.git.refnames import is_ref_name

LISTING = ("for-each-ref", "--format=%(objectname) %(refname)")
HEADS = "refs/heads/"


class References(GitDirectory):
    """Names are full ones (`refs/heads/main`); a tag's value is its tag object, if annotated."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._cached: dict[str, str] | None = None
        self._head: str | None = None
        self._lock = asyncio.Lock()
        self._writer: asyncio.Task[object] | None = None

    @property
    def _refs(self) -> dict[str, str]:
        if self._cached is None:
            listing = run_blocking(LISTING, cwd=self.path, extra=self.environment)
            self._cached = _parse(listing)
        return self._cached

    def refs(self) -> Mapping[str, str]:
        """All of them as they are now, sorted by name."""
        return MappingProxyType(self._refs)

    def ref(self, name: str) -> str | None:
        return self._refs.get(name)

    def branches(self) -> dict[str, str]:
        """By their short names."""
        return {n.removeprefix(HEADS): s for n, s in self._refs.items() if n.startswith(HEADS)}

    @property
    def default_branch(self) -> str:
        """Its short name; the branch itself need not exist yet."""
        if self._head is None:
            self._head = (self.path / "HEAD").read_text().strip().removeprefix("ref: ")
        return self._head.removeprefix(HEADS)

    async def set_default_branch(self, branch: str) -> None:
        name = HEADS + branch
        if not is_ref_name(name):
            raise RefRefused(f"{branch!r} is not a name of a branch")
        async with self.writing():
            await self.git("symbolic-ref", "HEAD", name)
            self._head = name

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Nobody else changes a ref inside; the same task may enter again."""
        task = asyncio.current_task()
        if task is not None and self._writer is task:
            yield
            return
        async with self._lock:
            self._writer = task
            try:
                yield
            finally:
                self._writer = None

    async def create_ref(self, name: str, sha: str) -> None:
        """Raises RefExists, RefRefused."""
        await self.update_refs([RefChange(name, None, sha)])

    async def update_ref(self, name: str, new: str, expected_old: str | None = None) -> None:
        """Raises RefMissing, RefMoved, RefRefused. Whether it is a fast-forward is not asked."""
        async with self.writing():
            await self.update_refs([RefChange(name, expected_old or self._existing(name), new)])

    async def delete_ref(self, name: str, expected_old: str | None = None) -> None:
        """Raises RefMissing, RefMoved."""
        async with self.writing():
            await self.update_refs([RefChange(name, expected_old or self._existing(name), None)])

    async def update_refs(self, changes: Sequence[RefChange]) -> None:
        """All of them or none; each must find its ref at `old` (None: absent)."""
        async with self.writing():
            for change in changes:
                self._check(change)
            lines = b"".join(_instruction(change) for change in changes)
            try:
                await self.git("update-ref", "--no-deref", "--stdin", "-z", stdin=lines)
            except GitFailed as error:
                raise RefRefused(error.stderr.strip().removeprefix("fatal: ")) from error
            except asyncio.CancelledError:
                self._cached = None  # it may have been done or not
                raise
            self._cached = _applied(self._refs, changes)

    async def reload(self, known: Mapping[str, str] | None = None) -> list[RefChange]:
        """Reads the refs anew and tells what differs from the cache, or from what was `known`.

        For the time after a push, and after a crash.
        """
        async with self.writing():
            before = self._refs if known is None else known
            self._cached = _parse((await self.git(*LISTING)).stdout)
            return differences(before, self._cached)

    def _existing(self, name: str) -> str:
        found = self._refs.get(name)
        if found is None:
            raise RefMissing(f"there is no ref {name!r}")
        return found

    def _check(self, change: RefChange) -> None:
        found = self._refs.get(change.name)
        if not is_ref_name(change.name) or not change.name.startswith("refs/"):
            raise RefRefused(f"{change.name[:200]!r} is not a name of a ref")
        if change.new == NULL_SHA:
            raise RefRefused("the null sha is no object")
        if change.old is None and found is not None:
            raise RefExists(f"there is a ref {change.name!r} already")
        if change.old is not None and found is None:
            raise RefMissing(f"there is no ref {change.name!r}")
        if found != change.old:
            raise RefMoved(f"{change.name!r} is at {found}, not at {change.old}")


def _applied(refs: Mapping[str, str], changes: Iterable[RefChange]) -> dict[str, str]:
    """A new mapping, as the old one is in the hands of readers."""
    after = dict(refs)
    for change in changes:
        if change.new is None:
            del after[change.name]
        else:
            after[change.name] = change.new
    return dict(sorted(after.items()))


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[RefChange]:
    """What was done to come from one to the other, sorted by name."""
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    return [RefChange(name, before.get(name), after.get(name)) for name in names]


def _parse(listing: bytes) -> dict[str, str]:
    lines = listing.decode(errors="surrogateescape").split("\n")
    return dict(sorted((line[41:], line[:40]) for line in lines if line))


def _instruction(change: RefChange) -> bytes:
    name = change.name.encode()
    old = full_sha(change.old or NULL_SHA).encode()
    if change.new is None:
        return b"delete %s\0%s\0" % (name, old)
    return b"update %s\0%s\0%s\0" % (name, full_sha(change.new).encode(), old)
