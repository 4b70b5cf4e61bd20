"""Keeps the rows on disk: what one request changed is one transaction."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic_core import PydanticSerializationError

from bot.simulator.records.record import Record

FORMAT = "1"

# NORMAL: a killed process loses nothing; only a power cut can lose the last commits.
_SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS rows (kind TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (kind, id))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class StateUnusable(Exception):
    """The state folder is in use, or was written by another version."""


class Journal:
    """Rows written since the last commit, and the file they go to.

    Raises:
        StateUnusable: another process holds the folder, nothing can be kept in it, or the format
            is unknown.
    """

    def __init__(self, folder: Path) -> None:
        self._changed: dict[tuple[str, int], Record | None] = {}
        self._meta: dict[str, str] = {}
        with ExitStack() as held, _refusing(f"{str(folder)!r} cannot hold the state"):
            # Private: it holds tokens, secrets and a key.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = held.enter_context(lock(folder))
            self._db = held.enter_context(closing(_opened(folder / "state.sqlite")))
            self._db.executescript(_SCHEMA)
            found = self.meta("format")
            if found not in (None, FORMAT):
                raise StateUnusable(
                    f"{str(folder)!r} holds state of format {found}, this version writes {FORMAT}:"
                    " name another folder, or start with --fresh to lose it"
                )
            held.pop_all()
        self.note("format", FORMAT)

    def rows(self, kind: str) -> Iterator[str]:
        """The JSON bodies of a table's rows, by id. Raises StateUnusable."""
        with _refusing("the state cannot be read"):
            for (body,) in self._db.execute(
                "SELECT body FROM rows WHERE kind = ? ORDER BY id", (kind,)
            ):
                yield body

    def meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def note(self, key: str, value: str) -> None:
        self._meta[key] = value

    def put(self, kind: str, row: Record) -> None:
        self._changed[kind, row.id] = row

    def drop(self, kind: str, id: int) -> None:
        self._changed[kind, id] = None

    def commit(self) -> None:
        """Writes everything noted since the last commit, all or nothing."""
        if not self._changed and not self._meta:
            return
        with self._db:  # commits at its end, and takes all back where anything failed
            self._db.execute("BEGIN")
            for (kind, id), row in self._changed.items():
                self._write(kind, id, row)
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", self._meta.items())
        self._changed.clear()
        self._meta.clear()

    def _write(self, kind: str, id: int, row: Record | None) -> None:
        if row is None:
            self._db.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (kind, id))
        else:
            values = (kind, id, _body(row))
            self._db.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", values)

    def close(self) -> None:
        self._db.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def _opened(path: Path) -> sqlite3.Connection:
    # Also where the folder was there before and others may look into it.
    path.touch(mode=0o600)
    return sqlite3.connect(path, isolation_level=None)


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StateUnusable(
            f"{what}: {error}: name another folder, or start with --fresh to lose what it holds"
        ) from error


def _body(row: Record) -> str:
    """One row that cannot be written must not keep all others from the disk."""
    try:
        return row.model_dump_json()
    except PydanticSerializationError:
        row.make_whole()
        return row.model_dump_json()


def lock(folder: Path) -> IO[str]:
    """Holds the folder until it is closed. Raises StateUnusable."""
    held = (folder / "lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise StateUnusable(f"another simulator is running on {str(folder)!r}") from error
    return held
