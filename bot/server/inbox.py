"""The reading side of the inbox: segment files of one host, or a table that several share."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from bot.server.ingress.records import Delivery, Position, path_of, read, segments, waiting

KEPT = 3 * 24 * 3600.0
"""Seconds a delivery stays that was taken, as long as GitHub keeps its own list."""
MOST = 200
"""Deliveries taken before the place is noted."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Waiting:
    """What came in and was not taken yet."""

    bytes: int
    seconds: float
    """How long the oldest of it waits; 0 for nothing."""


class Inbox(Protocol):
    """Deliveries that were acknowledged."""

    def drain(self, take: Callable[[Delivery], None]) -> int:
        """Give what waits to `take`, each until it returns; how many those were.

        What `take` raises for is given again, with what came after it.
        """

    def waiting(self) -> Waiting:
        """How far behind it is."""

    def tidy(self) -> None:
        """Delete what was taken days ago."""


@dataclass
class SegmentInbox:
    """The segment files of one folder, read by one process, and how far that has come."""

    folder: Path
    _position: Position | None = None
    _read: float = field(default_factory=time.time)
    """When it was last seen to hold nothing more."""

    def drain(self, take: Callable[[Delivery], None]) -> int:
        """See `Inbox`. A crash gives some of them once more, which changes nothing."""
        began = time.time()
        before = position = self._place()
        count = 0
        try:
            for delivery, after in read(self.folder, position):
                take(delivery)
                if after.segment > position.segment:
                    self._check(position)
                position, count = after, count + 1
                if count % MOST == 0:
                    self._note(position)
        finally:
            if position != before:
                self._note(position)
        self._read = began
        return count

    def waiting(self) -> Waiting:
        """See `Inbox`."""
        size = waiting(self.folder, self._place())
        return Waiting(size, max(0.0, time.time() - self._read) if size else 0.0)

    def tidy(self) -> None:
        """See `Inbox`."""
        newest, limit = self._place().segment, time.time() - KEPT
        for number in segments(self.folder):
            path = path_of(self.folder, number)
            if number < newest and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)

    def _check(self, left: Position) -> None:
        """Say it when a segment is left that does not read to its end."""
        try:
            rest = path_of(self.folder, left.segment).stat().st_size - left.offset
        except FileNotFoundError:
            return
        if rest > 0:
            log.error("segment_unreadable", segment=left.segment, offset=left.offset, bytes=rest)

    def _place(self) -> Position:
        if self._position is None:
            self._position = self._noted()
        return self._position

    def _noted(self) -> Position:
        try:
            noted = json.loads((self.folder / "position.json").read_text("ascii"))
            return Position(int(noted["segment"]), int(noted["offset"]))
        except FileNotFoundError:
            return Position()
        except (ValueError, KeyError, TypeError):
            # Cut short by a power cut: all that is kept is taken again, and known by its GUID.
            log.warning("position_unreadable")
            return Position()

    def _note(self, position: Position) -> None:
        self._position = position
        temporary = self.folder / "position.json.new"
        text = json.dumps({"segment": position.segment, "offset": position.offset})
        temporary.write_text(text, "ascii")
        os.replace(temporary, self.folder / "position.json")
