"""What was found before, by the digest of all it depends on: one SQLite file of JSON texts.

A cache is never needed and never trusted to be whole: whatever cannot be read, written or told to
be what was stored counts as absent. Nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")

MOST_BYTES = 256_000_000
"""Of all entries; those that were not asked for longest go first."""

_PATIENCE = 0.5
"""Seconds to wait for another process; then this one goes without."""
_ASKED_AGAIN = 3_600
"""Seconds after which the use of an entry is written down again."""
_SUM = 16

_SETUP = """\
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS results (
  key BLOB PRIMARY KEY, asked INTEGER NOT NULL, size INTEGER NOT NULL, text BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_age ON results (asked);
"""


@dataclass(frozen=True)
class ResultCache:
    """Texts by key in one file; `None` for a cache that never holds anything."""

    file: Path | None
    most_bytes: int = MOST_BYTES
    clock: Callable[[], float] = time.time
    keeps: bool = True
    """Whether anything new is written; a dry run only reads."""

    @classmethod
    def below(cls, cache_dir: Path) -> ResultCache:
        """The one in the directory of all caches."""
        return cls(cache_dir / "analyses" / "results.sqlite")

    @property
    def holds(self) -> bool:
        """Whether it can hold anything."""
        return self.file is not None

    def get(self, keys: Iterable[bytes], kind: TypeAdapter[T]) -> dict[bytes, T]:
        """What is stored for the keys and is of that kind."""
        wanted = list(dict.fromkeys(keys))
        found: dict[bytes, T] = {}
        if self.file is None or not self.file.exists():
            return found
        now = int(self.clock())
        old: list[bytes] = []
        with self._going_without(), closing(_opened(self.file)) as store:
            for key, asked, text in _rows(store, wanted):
                value = _read(key, text, kind)
                if value is not None:
                    found[key] = value
                    old += [key] if not 0 <= now - asked < _ASKED_AGAIN else []
            if old and self.keeps:
                with store:
                    store.executemany(
                        "UPDATE results SET asked = ? WHERE key = ?", ((now, key) for key in old)
                    )
        return found

    def put(self, values: Mapping[bytes, T], kind: TypeAdapter[T]) -> None:
        """Store values, and drop the oldest entries where they become too many."""
        if self.file is None or not self.keeps or not values:
            return
        now = int(self.clock())
        texts = {key: kind.dump_json(value) for key, value in values.items()}
        rows = [
            (key, now, len(text), _checksum(key, text) + text)
            for key, text in texts.items()
            if len(text) <= self.most_bytes // 4
        ]
        with self._going_without(), closing(_opened(self.file)) as store, store:
            store.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", rows)
            self._prune(store)

    def _prune(self, store: sqlite3.Connection) -> None:
        total = int(store.execute("SELECT coalesce(sum(size), 0) FROM results").fetchone()[0])
        if total <= self.most_bytes:
            return
        gone: list[tuple[bytes]] = []
        for key, size in store.execute("SELECT key, size FROM results ORDER BY asked"):
            if total <= self.most_bytes * 3 // 4:
                break
            gone.append((key,))
            total -= size
        store.executemany("DELETE FROM results WHERE key = ?", gone)

    @contextmanager
    def _going_without(self) -> Iterator[None]:
        """Whatever fails is not done; a file that is no store is removed."""
        try:
            yield
        except sqlite3.OperationalError:
            return  # in use, read-only, full: another time
        except (sqlite3.Error, OSError, OverflowError, TypeError):
            self._begin_anew()

    def _begin_anew(self) -> None:
        assert self.file is not None
        try:
            self.file.unlink(missing_ok=True)
        except OSError:
            return


NO_CACHE = ResultCache(None)


def _opened(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(file, timeout=_PATIENCE)
    try:
        store.executescript(_SETUP)
    except BaseException:
        store.close()
        raise
    return store


def _rows(store: sqlite3.Connection, keys: list[bytes]) -> Iterator[tuple[bytes, int, Any]]:
    for key in keys:
        yield from store.execute("SELECT key, asked, text FROM results WHERE key = ?", (key,))


def _read(key: bytes, text: Any, kind: TypeAdapter[T]) -> T | None:
    if not isinstance(text, bytes) or text[:_SUM] != _checksum(key, text[_SUM:]):
        return None
    try:
        return kind.validate_json(text[_SUM:])
    except ValueError:
        return None


def _checksum(key: bytes, text: bytes) -> bytes:
    return hashlib.sha256(key + text).digest()[:_SUM]
