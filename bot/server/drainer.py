"""From the inbox to durable workflows: each delivery is enqueued once, then the inbox moves on."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import structlog

from bot.core.events import Hint, hint_of
from bot.durable import engine
from bot.durable.meters import Meters
from bot.durable.periodic import Enough, Periodic
from bot.server.inbox import Inbox
from bot.server.ingress.records import Delivery

PAUSE = 0.05
"""Seconds between two looks at the inbox."""
AFTER_FAILURE = (2.0, 2.0, 5.0, 15.0)
TIDY = 600.0
MOST_FAILURES = 3
"""Times in a row that one delivery may fail while the database answers."""

log = structlog.get_logger()


@dataclass
class Drainer:
    """Empties an inbox in a thread of its own."""

    inbox: Inbox
    ourselves: str
    """Login of our App, whose own doings are no news."""
    meters: Meters
    _failed: tuple[str, int] = ("", 0)
    _tidied: float = 0.0
    _thread: Periodic = field(init=False)

    def __post_init__(self) -> None:
        # The database is away, say: nothing was moved past, so it is tried again.
        self._thread = Periodic("drain", self._work, PAUSE, AFTER_FAILURE)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._thread.alive

    def start(self) -> None:
        """Begin where the last process stopped."""
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery in hand."""
        self._thread.stop()

    def drain(self) -> int:
        """Enqueue everything that waits; how many deliveries that were."""
        return self.inbox.drain(self._take)

    def _work(self) -> None:
        self.drain()
        if time.monotonic() - self._tidied > TIDY:
            self.inbox.tidy()
            self._tidied = time.monotonic()

    def _take(self, delivery: Delivery) -> None:
        if self._thread.stopping.is_set():
            # What is not taken stays.
            raise Enough
        name, times = self._failed
        try:
            event, fate = self._taken(delivery)
        except Exception:
            engine.ping()
            times = times + 1 if name == delivery.guid else 1
            self._failed = (delivery.guid, times)
            if times < MOST_FAILURES:
                raise
            # It is this one: the others must not wait for it, and a sweep sees what it was about.
            log.exception("delivery_given_up", delivery=delivery.guid, event_name=delivery.event)
            event, fate = delivery.event, "given up"
        self.meters.deliveries.labels(event, fate).inc()

    def _taken(self, delivery: Delivery) -> tuple[str, str]:
        try:
            hint = self._hint(delivery)
        except (ValueError, RecursionError) as error:
            # Signed by the secret, so GitHub's; of a shape nobody knew when this was written.
            log.warning("delivery_unreadable", delivery=delivery.guid, why=str(error))
            return delivery.event, "unreadable"
        if hint is None:
            return delivery.event, "ignored"
        known = engine.fate_of(hint.delivery)
        if known in ("waiting", "done"):
            return hint.event, "repeated"
        if known == "failed":
            # Delivered again after its workflow failed: look anew, under a name of its own.
            hint = hint.model_copy(update={"delivery": f"{hint.delivery}+{time.time_ns()}"})
        engine.enqueue(hint)
        log.info("delivery_taken", delivery=hint.delivery, event_name=hint.event)
        return hint.event, "enqueued"

    def _hint(self, delivery: Delivery) -> Hint | None:
        payload = payload_of(delivery.payload)
        hint = hint_of(delivery.guid, delivery.event, payload, ourselves=self.ourselves)
        if hint is not None:
            # Half of a surrogate pair passes as JSON, and no database takes it.
            hint.model_dump_json()
        return hint


def payload_of(body: bytes) -> Any:
    """The JSON of a delivery, which GitHub sends as a form where the hook says so."""
    if body.startswith(b"payload="):
        return json.loads(parse_qs(body.decode("ascii")).get("payload", [""])[0])
    return json.loads(body)
