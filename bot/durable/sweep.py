"""What no delivery told: a look at every plan; failed deliveries are asked for once more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.core.events import Hint
from bot.core.policy import Policy
from bot.durable import engine
from bot.errors import OtpError
from bot.flows.react.post import Post
from bot.github.store import PLAN_ID

EVERY = 600.0
"""Seconds between two sweeps."""
ASKED_BACK = timedelta(days=3)
"""As long as GitHub keeps its list of deliveries."""

log = structlog.get_logger()


@dataclass
class Sweeper:
    """Sweeps in a thread of its own: at the start, then every `every` seconds."""

    post: Post
    every: float = EVERY
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the call in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.sweep()
            except OtpError as error:
                log.warning("sweep_failed", why=str(error))
            except Exception:
                log.exception("sweep_failed")
            self._stop.wait(self.every)

    def sweep(self) -> int:
        """Enqueue a look at every plan and every labelled issue; how many these are."""
        redeliver(self.post)
        tick = f"{datetime.now(UTC):%Y%m%d%H%M%S}"
        count = 0
        for installation, repository, plan in self._known():
            if self._stop.is_set():
                break
            name = f"{repository}#{plan}"
            engine.enqueue(
                Hint(
                    delivery=f"sweep:{tick}:{name}",
                    event="sweep",
                    scope="plan",
                    installation=installation,
                    repository=repository,
                    plan=plan,
                )
            )
            count += 1
        return count

    def _known(self) -> Iterator[tuple[int, str, str]]:
        for installation in installations(self.post):
            for repository in self.post.repositories(installation):
                with self.post.client(installation, repository) as client:
                    plans = {p for p in self.post.store(client).tips() if PLAN_ID.match(p)}
                    label = Policy().label
                    for issue in client.pages("./issues", state="open", labels=label):
                        plans.add(str(issue["number"]))
                for plan in sorted(plans, key=int):
                    yield installation, repository, plan


def installations(post: Post) -> Iterator[int]:
    """Ids of the installations that are not suspended."""
    for installation in _list(post, "/app/installations"):
        if not installation.get("suspended_at"):
            yield int(installation["id"])


def redeliver(post: Post) -> int:
    """Ask for every delivery again that never succeeded; how many these are.

    GitHub does not do it by itself. The GUID stays, so what came in after all is known here.
    """
    since = datetime.now(UTC) - ASKED_BACK
    failed: dict[str, int] = {}
    for attempt in _list(post, "/app/hook/deliveries"):
        if datetime.fromisoformat(attempt["delivered_at"]) < since:
            break
        # Newest first: an older attempt says nothing once a newer one is known.
        guid = attempt["guid"]
        if guid not in failed:
            failed[guid] = 0 if attempt["status_code"] in range(200, 300) else int(attempt["id"])
    wanted = [number for number in failed.values() if number]
    for number in wanted:
        post.app.post(f"/app/hook/deliveries/{number}/attempts")
    return len(wanted)


def _list(post: Post, path: str) -> list[dict[str, Any]]:
    found = post.app.get(path, per_page=100)
    assert isinstance(found, list)
    return found
