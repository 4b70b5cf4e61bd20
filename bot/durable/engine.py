"""DBOS in this process: the queue of reactions, one at a time for each plan.

Its traps are in the comments; each was met. The state of record is on GitHub: losing this
database costs repeated work only.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
)

from bot.codebase.lock import locked
from bot.core.events import Hint
from bot.durable.reacting import MOST_TRIES, Reacted, react_once
from bot.flows.react.post import Post
from bot.settings import Settings

APPLICATION = "otp-genesis"
VERSION = "1"
"""Raised by hand when the order of steps in a workflow changes: DBOS would else take each new
source text for a new version and leave running work behind."""
QUEUE = "reactions"
POLL = 0.05
"""Seconds between two looks at the queue."""

log = structlog.get_logger()


class Holder:
    """What the workflows of this process work with; they are module-level by DBOS's nature."""

    post: Post | None = None
    stopping = threading.Event()


@DBOS.step(name="react_once")
def _react_step(hint: dict[str, Any], tried: int) -> dict[str, Any]:
    assert Holder.post is not None, "the engine was not started"
    return asdict(react_once(Holder.post, Hint.model_validate(hint), tried))


@DBOS.workflow(name="react")
def _react(hint: dict[str, Any]) -> dict[str, Any]:
    for tried in range(MOST_TRIES):
        reacted = _react_step(hint, tried)
        if reacted["again_after"] is None:
            _follow_up(Hint.model_validate(hint), reacted)
            return reacted
        DBOS.sleep(reacted["again_after"])
    raise RuntimeError(f"no answer for {hint['delivery']} after {MOST_TRIES} tries")


def _follow_up(hint: Hint, reacted: dict[str, Any]) -> None:
    for name in reacted["plans"]:
        repository, _, plan = name.partition("#")
        update = {"scope": "plan", "repository": repository, "plan": plan, "labelled": ""}
        more = hint.model_copy(update={**update, "delivery": f"{hint.delivery}:{name}"})
        enqueue(more)
    if reacted["look_again"]:
        at = datetime.fromisoformat(reacted["look_again"])
        event = f"timer:{hint.repository}#{hint.plan}:{at:%Y%m%d%H%M}"
        later = Hint(
            delivery=event,
            event="timer",
            scope="plan",
            installation=hint.installation,
            repository=hint.repository,
            plan=hint.plan,
        )
        enqueue(later, delay=max(1.0, (at - datetime.now(UTC)).total_seconds()))


def enqueue(hint: Hint, *, delay: float | None = None) -> None:
    """Put a hint on the queue; one of the same delivery is there once, whoever enqueues it."""
    key = f"{hint.repository}#{hint.plan}" if hint.scope == "plan" else hint.repository
    with (
        SetWorkflowID(hint.delivery),
        SetEnqueueOptions(
            queue_partition_key=key or f"installation-{hint.installation}", delay_seconds=delay
        ),
    ):
        DBOS.enqueue_workflow(QUEUE, _react, hint.model_dump(mode="json"))


def status_of(delivery: str) -> str:
    """`SUCCESS`, `ERROR`, `PENDING`, ...; empty where it was never enqueued."""
    found = DBOS.get_workflow_status(delivery)
    return found.status if found is not None else ""


@contextmanager
def running(settings: Settings, post: Post, *, executor: str, workers: int = 4) -> Iterator[None]:
    """DBOS launched; on leaving it waits for what is under way.

    On SQLite this is the one process: two of them break the order within a plan (seen in 4 of 6
    trials). Raises `Busy` when another one holds the state directory.
    """
    folder = settings.state_dir / "server"
    folder.mkdir(parents=True, exist_ok=True)
    if settings.database_url is not None:
        with _launched(settings.database_url.get_secret_value(), post, executor, workers):
            yield
        return
    with locked(folder):
        path = folder / "durable.sqlite"
        _write_ahead(path)
        with _launched(f"sqlite:///{path}", post, executor, workers):
            yield


@contextmanager
def _launched(url: str, post: Post, executor: str, workers: int) -> Iterator[None]:
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": url,
        "application_version": VERSION,
        "executor_id": executor,
        # The default is pickle, which a database should not be trusted with.
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "notification_listener_polling_interval_sec": 0.2,
    }
    Holder.post = post
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(
        QUEUE,
        partition_concurrency=1,
        worker_concurrency=workers,
        polling_interval_sec=POLL,
        on_conflict="always_update",
    )
    try:
        yield
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=60)
        Holder.post = None


def _write_ahead(path: Path) -> None:
    """DBOS does not set it, and it halves the time of an enqueue."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
    database.close()


__all__ = ["Reacted", "enqueue", "running", "status_of"]
