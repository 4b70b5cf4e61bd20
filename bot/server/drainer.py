"""From the inbox to durable workflows: each delivery is enqueued once, then the log moves on."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.core.events import Hint, hint_of
from bot.durable import engine
from bot.server.ingress.records import Delivery, Position, path_of, read, segments

PAUSE = 0.05
"""Seconds between two looks at the log."""
KEPT = 3 * 24 * 3600.0
"""Seconds a drained segment stays, as long as GitHub keeps its own list of deliveries."""
FAILED = frozenset({"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})

log = structlog.get_logger()


@dataclass
class Drainer:
    """Reads the inbox of one folder in a thread of its own."""

    folder: Path
    ourselves: str
    """Login of our App, whose own doings are no news."""
    seen: Counter[str] = field(default_factory=Counter)
    """Deliveries by event and what became of them: `issues.labeled enqueued`, ..."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin where the last process stopped."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="drainer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def drain(self) -> int:
        """Enqueue everything that waits; how many deliveries that were."""
        position, count = self._position(), 0
        for delivery, after in read(self.folder, position):
            if self._stop.is_set():
                break
            self._take(delivery)
            position, count = after, count + 1
            self._remember(position)
        if count:
            self._tidy(position)
        return count

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.drain()
            except Exception:
                # The database is away, say: nothing was moved past, so it is tried again.
                log.exception("drain_failed")
                self._stop.wait(5.0)
            self._stop.wait(PAUSE)

    def _take(self, delivery: Delivery) -> None:
        hint = self._hint(delivery)
        if hint is None:
            self.seen[f"{delivery.event} ignored"] += 1
            return
        status = engine.status_of(hint.delivery)
        if status in FAILED:
            # Delivered again after its workflow failed: look anew, under a name of its own.
            hint = hint.model_copy(update={"delivery": f"{hint.delivery}:{time.time_ns()}"})
        elif status:
            self.seen[f"{hint.event} repeated"] += 1
            return
        engine.enqueue(hint)
        self.seen[f"{hint.event} enqueued"] += 1

    def _hint(self, delivery: Delivery) -> Hint | None:
        try:
            payload = json.loads(delivery.payload)
            return hint_of(delivery.guid, delivery.event, payload, ourselves=self.ourselves)
        except (ValueError, RecursionError) as error:
            # Signed by the secret, so GitHub's; of a shape nobody knew when this was written.
            log.warning("delivery_unreadable", delivery=delivery.guid, why=str(error))
            return None

    def _position(self) -> Position:
        try:
            kept = json.loads((self.folder / "position.json").read_text("ascii"))
            return Position(kept["segment"], kept["offset"])
        except FileNotFoundError:
            return Position()

    def _remember(self, position: Position) -> None:
        """After the enqueue: a crash between them enqueues once more, which changes nothing."""
        temporary = self.folder / "position.json.new"
        text = json.dumps({"segment": position.segment, "offset": position.offset})
        temporary.write_text(text, "ascii")
        os.replace(temporary, self.folder / "position.json")

    def _tidy(self, position: Position) -> None:
        for number in segments(self.folder):
            path = path_of(self.folder, number)
            if number < position.segment and time.time() - path.stat().st_mtime > KEPT:
                path.unlink(missing_ok=True)
