"""The log itself: the latest exchanges in memory, more of them in files."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from pydantic_core import to_json

from bot.simulator.surface import GRAPHQL

log = logging.getLogger(__name__)

KEPT = 2_000
KEPT_BYTES = 32 * 1024 * 1024
FILE_BYTES = 16 * 1024 * 1024

READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; secrets are masked, bodies cut."""

    number: int
    at: str
    method: str
    path: str
    """With its query."""
    status: int
    """0: the connection ended without an answer."""
    milliseconds: float
    actor: str | None
    """A login, None for nobody."""
    request: str
    response: str
    fault: str | None = None
    """What was made to go wrong with it."""

    @property
    def writes(self) -> bool:
        """Whether it could change something: fetches and GraphQL queries are POSTs, too."""
        if self.method in READS or self.path.endswith("/git-upload-pack"):
            return False
        return self.path != GRAPHQL or "mutation" in self.request

    @property
    def size(self) -> int:
        return len(self.path) + len(self.request) + len(self.response) + 300


class ExchangeLog:
    """Bounded in memory and on disk: two files, the older one thrown away when the newer is full.

    What the files end with is in memory again after a restart.
    """

    def __init__(self, folder: Path) -> None:
        self._current = folder / "exchanges.jsonl"
        self._older = folder / "exchanges.1.jsonl"
        self._latest: deque[Exchange] = deque()
        self._bytes = 0
        self._number = 0
        for exchange in (*_read(self._older), *_read(self._current)):
            self._remember(exchange)
        self._file: BinaryIO | None = None

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def add(self, exchange: Exchange) -> None:
        self._remember(exchange)
        file = self._open()
        file.write(to_json(exchange) + b"\n")
        if file.tell() > FILE_BYTES:
            file.close()
            self._file = None
            self._current.replace(self._older)

    def latest(
        self, *, writes: bool = False, after: int = 0, limit: int | None = None
    ) -> list[Exchange]:
        """Oldest first; `after` is the number of the last one that is known already."""
        found = [e for e in self._latest if e.number > after and (e.writes or not writes)]
        return found if limit is None else found[max(0, len(found) - limit) :]

    def get(self, number: int) -> Exchange | None:
        return next((e for e in self._latest if e.number == number), None)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> BinaryIO:
        if self._file is None:
            file = self._file = self._current.open("ab+", buffering=0)
            if file.tell():
                # Half a line of a killed process must not take the next one with it.
                file.seek(-1, SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
        return self._file

    def _remember(self, exchange: Exchange) -> None:
        self._latest.append(exchange)
        self._bytes += exchange.size
        self._number = max(self._number, exchange.number)
        while len(self._latest) > KEPT or (self._bytes > KEPT_BYTES and len(self._latest) > 1):
            self._bytes -= self._latest.popleft().size


def _read(path: Path) -> Iterator[Exchange]:
    """What can be read; a process that was killed may have left half a line."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.strip():
                continue
            try:
                yield Exchange(**json.loads(line))
            except (ValueError, TypeError):
                log.warning("unreadable line in the exchange log %s", path.name)
