"""The caches of a repository, with GitHub's rules of who sees whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.simulator.actions.host import Cache
from bot.simulator.actions.service.storage import Storage
from bot.simulator.records.actions import CacheEntry, Run
from bot.simulator.world import World

MAX_BYTES = 10 * 2**30
"""Of one repository; the entries that were longest not used go first."""


class Caches:
    """As a run sees them: its own ref's, its base's and the default branch's."""

    def __init__(self, world: World, run: Run, storage: Storage) -> None:
        self.world = world
        self.run = run
        self.storage = storage

    def find(self, keys: Sequence[str], version: str) -> Cache | None:
        for ref in self._refs():
            entry = self._in(ref, keys, version)
            if entry is not None:
                entry.last_accessed_at = self.world.clock.now()
                self.world.tables.caches.save(entry)
                return Cache(entry.key, self.storage.cache(entry.id))
        return None

    def _in(self, ref: str, keys: Sequence[str], version: str) -> CacheEntry | None:
        there = [e for e in self._entries() if (e.ref, e.version) == (ref, version)]
        newest_first = sorted(there, key=lambda e: e.id, reverse=True)
        for number, key in enumerate(keys):
            exact = [e for e in newest_first if e.key == key]
            near = [e for e in newest_first if number and e.key.startswith(key)]
            if exact or near:
                return (exact or near)[0]
        return None

    def save(self, key: str, version: str, archive: Path) -> bool:
        taken = {(e.ref, e.version, e.key) for e in self._entries()}
        if (self.run.ref, version, key) in taken:
            return False
        id, now = self.world.tables.next_id(), self.world.clock.now()
        size = self.storage.keep(archive, self.storage.cache(id))
        row = CacheEntry(
            id=id,
            repository_id=self.run.repository_id,
            key=key,
            version=version,
            ref=self.run.ref,
            size=size,
            created_at=now,
            last_accessed_at=now,
        )
        self.world.tables.caches.add(row)
        self._evict()
        self.world.commit()
        return True

    def _refs(self) -> Iterator[str]:
        repository = self.world.tables.repositories[self.run.repository_id]
        names = (self.run.base_ref, repository.default_branch)
        yield from dict.fromkeys([self.run.ref, *(f"refs/heads/{n}" for n in names if n)])

    def _entries(self) -> list[CacheEntry]:
        return self.world.tables.caches.where("repository", self.run.repository_id)

    def _evict(self) -> None:
        entries = sorted(self._entries(), key=lambda e: (e.last_accessed_at, e.id))
        total = sum(entry.size for entry in entries)
        for entry in entries[:-1]:
            if total <= MAX_BYTES:
                return
            total -= entry.size
            drop_cache(self.world, self.storage, entry)


def drop_cache(world: World, storage: Storage, entry: CacheEntry) -> None:
    world.tables.caches.remove(entry)
    storage.drop(storage.cache(entry.id))
