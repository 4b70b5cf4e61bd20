"""What no delivery told: looks where something moved; failed deliveries are asked for again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot.core.events import Hint
from bot.durable import engine
from bot.durable.database import Database
from bot.durable.looks import leave, looks, seen
from bot.durable.meters import Meters
from bot.durable.periodic import Periodic
from bot.durable.reach import Lost
from bot.durable.workers import my_turn
from bot.errors import OtpError, Transient
from bot.flows.react.post import Post
from bot.flows.survey.movement import Survey

EVERY = 600.0
"""Seconds between two sweeps."""
AFTER_FAILURE = (60.0, 300.0, 900.0)
"""Seconds until a sweep that failed is tried again, the more often it did."""
AT_ONCE = 20
"""Looks of those that can wait which are asked for at once; then it is one a second."""
SPREAD = 0.8
"""Part of the time between two sweeps over which those looks are spread that can wait."""
PATIENCE = 5.0
"""Seconds to wait for a sweep when the server ends."""
ASKED_BACK = timedelta(days=3)
"""As long as GitHub keeps its list of deliveries."""
MOST_ASKED = 200
"""Deliveries that one sweep asks for; the next one asks for more."""
MOST_ATTEMPTS = 5
"""At one delivery: what fails as often is refused for a reason."""

log = structlog.get_logger()


@dataclass
class Sweeper:
    """Sweeps in a thread of its own: at the start, then every `every` seconds."""

    post: Post
    database: Database
    meters: Meters
    every: float = EVERY
    last: float = 0.0
    """When the last one was whole, in seconds since 1970."""
    _thread: Periodic = field(init=False)

    def __post_init__(self) -> None:
        pauses = tuple(min(pause, self.every) for pause in AFTER_FAILURE)
        self._thread = Periodic("sweep", self._work, self.every, pauses, foreseen=(OtpError,))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the call in hand, if that does not take long; else it is left behind."""
        self._thread.stop(PATIENCE)

    def _work(self) -> None:
        if my_turn(self.database, "sweep", self.every):
            self.sweep()

    def sweep(self) -> int:
        """Enqueue a look at every plan where there may be something to do; how many these are."""
        engine.forget()
        self.meters.redelivered.inc(self._redeliver())
        if not engine.swept():
            # As many as the workers can do: more of the same would only wait behind it.
            log.warning("sweep_skipped", why="the one before is not worked off")
            return 0
        count, whole = 0, True
        reached, listed = self._repositories()
        if listed:
            Lost(self.post, self.database).note({str(about["full_name"]) for _, about in reached})
        for installation, about in reached:
            if self._thread.stopping.is_set():
                return count
            try:
                count += self._repository(installation, about)
            except OtpError as error:
                # One that is archived, suspended or away must not hide the others.
                log.warning("sweep_incomplete", repository=about["full_name"], why=str(error))
                whole = False
        if whole and listed:
            self.last = time.time()
            self.meters.swept.set(self.last)
        log.info("swept", plans=count, whole=whole and listed)
        return count

    def _repositories(self) -> tuple[list[tuple[int, Mapping[str, Any]]], bool]:
        """All that can be reached, by installation; and whether GitHub has listed all of them."""
        found: list[tuple[int, Mapping[str, Any]]] = []
        whole = True
        for installation in self.post.as_app.pages("/app/installations"):
            if installation.get("suspended_at"):
                continue
            number = int(installation["id"])
            try:
                found += [(number, about) for about in self.post.repositories(number)]
            except OtpError as error:
                log.warning("sweep_incomplete", installation=number, why=str(error))
                whole = False
        return found, whole

    def _repository(self, installation: int, about: Mapping[str, Any]) -> int:
        name = str(about["full_name"])
        known, before = looks(self.database, name), seen(self.database, name)
        with self.post.client(installation, name) as client:
            store, now = self.post.store(client), self.post.now()
            moved = Survey(client, store, about, known, before, now).moved()
        tick = f"{datetime.now(UTC):%Y%m%d%H%M%S.%f}"
        look = partial(_look, tick, installation, about)
        if moved.config:
            engine.enqueue(look(""))
        for pull in moved.pulls:
            engine.enqueue(look("", pull=pull))
        for plan in moved.plans:
            engine.enqueue(look(plan))
        for place, plan in enumerate(moved.later):
            engine.enqueue(look(plan), delay=self._delay(place))
        # Only now: a sweep that ends before it is made once more.
        leave(self.database, name, moved.seen)
        return len(moved.plans) + len(moved.later)

    def _delay(self, place: int) -> float | None:
        """Nobody has to wait until all of them are done."""
        return min(float(place - AT_ONCE), SPREAD * self.every) if place > AT_ONCE else None

    def _redeliver(self) -> int:
        try:
            return redeliver(self.post)
        except OtpError as error:
            log.warning("redelivery_failed", why=str(error))
            return 0


def _look(
    tick: str, installation: int, about: Mapping[str, Any], plan: str, *, pull: int = 0
) -> Hint:
    """At a plan, or without one at the configuration, of the branch or of a pull request."""
    repository = str(about["full_name"])
    return Hint(
        delivery=f"sweep:{tick}:{repository}#{plan or f'pull-{pull}' * bool(pull)}",
        event="sweep",
        scope="plan" if plan else "config",
        installation=installation,
        repository=repository,
        repository_id=int(about["id"]),
        plan=plan,
        pull=pull,
    )


def redeliver(post: Post) -> int:
    """Ask for every delivery again that never succeeded; how many these are.

    GitHub does not do it by itself. The GUID stays, so what came in after all is known here.
    """
    wanted = failed_deliveries(post)[:MOST_ASKED]
    asked = 0
    for number in wanted:
        try:
            post.as_app.post(f"/app/hook/deliveries/{number}/attempts")
            asked += 1
        except Transient:
            raise
        except OtpError as error:
            log.warning("not_redelivered", attempt=number, why=str(error))
    return asked


def failed_deliveries(post: Post) -> list[int]:
    """Of each delivery of the last days without any success its newest attempt, oldest first."""
    since = datetime.now(UTC) - ASKED_BACK
    newest: dict[str, int] = {}
    attempts: dict[str, int] = {}
    good: set[str] = set()
    for attempt in post.as_app.pages("/app/hook/deliveries"):
        if datetime.fromisoformat(attempt["delivered_at"]) < since:
            break
        guid = attempt["guid"]
        newest.setdefault(guid, int(attempt["id"]))
        attempts[guid] = attempts.get(guid, 0) + 1
        if attempt["status_code"] in range(200, 300):
            good.add(guid)
    failed = [g for g in newest if g not in good and attempts[g] < MOST_ATTEMPTS]
    return [newest[guid] for guid in reversed(failed)]
