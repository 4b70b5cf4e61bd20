"""What no delivery told: a look at every plan; failed deliveries are asked for once more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from bot.core.events import PLAN, Hint
from bot.durable import engine
from bot.durable.database import Database
from bot.durable.meters import Meters
from bot.durable.workers import my_turn
from bot.errors import OtpError, Transient
from bot.flows.react.post import Post
from bot.github.reading.repository import policy_of

EVERY = 600.0
"""Seconds between two sweeps."""
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
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the call in hand, if that does not take long; else it is left behind."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if my_turn(self.database, "sweep", self.every):
                    self.sweep()
            except OtpError as error:
                log.warning("sweep_failed", why=str(error))
            except Exception:
                if self._stop.is_set():
                    # Left behind: what it needs has ended.
                    return
                log.exception("sweep_failed")
            self._stop.wait(self.every)

    def sweep(self) -> int:
        """Enqueue a look at every plan and every labelled issue; how many these are."""
        engine.forget()
        self.meters.redelivered.inc(self._redeliver())
        if not engine.swept():
            # As many as the workers can do: more of the same would only wait behind it.
            log.warning("sweep_skipped", why="the one before is not worked off")
            return 0
        tick, count, whole = f"{datetime.now(UTC):%Y%m%d%H%M%S}", 0, True
        for installation, repository in self._repositories():
            try:
                plans = self._plans(installation, repository)
            except OtpError as error:
                # One that is archived, suspended or away must not hide the others.
                log.warning("sweep_incomplete", repository=repository, why=str(error))
                whole = False
                continue
            engine.enqueue(_look(tick, installation, repository, ""))
            for plan in plans:
                engine.enqueue(_look(tick, installation, repository, plan))
            count += len(plans)
        if whole and not self._stop.is_set():
            self.last = time.time()
            self.meters.swept.set(self.last)
        log.info("swept", plans=count, whole=whole)
        return count

    def _repositories(self) -> Iterator[tuple[int, str]]:
        for installation in self.post.app.pages("/app/installations"):
            if installation.get("suspended_at"):
                continue
            number = int(installation["id"])
            try:
                for repository in self.post.repositories(number):
                    if self._stop.is_set():
                        return
                    yield number, repository
            except OtpError as error:
                log.warning("sweep_incomplete", installation=number, why=str(error))

    def _plans(self, installation: int, repository: str) -> list[str]:
        with self.post.client(installation, repository) as client:
            plans = {p for p in self.post.store(client).tips() if PLAN.match(p)}
            label = policy_of(client)[0].label
            for issue in client.pages("./issues", state="open", labels=label):
                if "pull_request" not in issue:
                    plans.add(str(issue["number"]))
        return sorted(plans, key=int)

    def _redeliver(self) -> int:
        try:
            return redeliver(self.post)
        except OtpError as error:
            log.warning("redelivery_failed", why=str(error))
            return 0


def _look(tick: str, installation: int, repository: str, plan: str) -> Hint:
    """At a plan, or without one at the configuration."""
    return Hint(
        delivery=f"sweep:{tick}:{repository}#{plan}",
        event="sweep",
        scope="plan" if plan else "config",
        installation=installation,
        repository=repository,
        plan=plan,
    )


def redeliver(post: Post) -> int:
    """Ask for every delivery again that never succeeded; how many these are.

    GitHub does not do it by itself. The GUID stays, so what came in after all is known here.
    """
    wanted = failed_deliveries(post)[:MOST_ASKED]
    asked = 0
    for number in wanted:
        try:
            post.app.post(f"/app/hook/deliveries/{number}/attempts")
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
    for attempt in post.app.pages("/app/hook/deliveries"):
        if datetime.fromisoformat(attempt["delivered_at"]) < since:
            break
        guid = attempt["guid"]
        newest.setdefault(guid, int(attempt["id"]))
        attempts[guid] = attempts.get(guid, 0) + 1
        if attempt["status_code"] in range(200, 300):
            good.add(guid)
    failed = [g for g in newest if g not in good and attempts[g] < MOST_ATTEMPTS]
    return [newest[guid] for guid in reversed(failed)]
