"""DBOS in this process: the queue of reactions, one at a time for each plan.

Its traps are in the comments; each was met, and has its test. The state of record is on GitHub:
losing this database costs repeated work only.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import structlog
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowStatus,
)

from bot.core.events import Hint
from bot.durable.reacted import Reacted

APPLICATION = "otp-genesis"
VERSION = "1"
"""Raised by hand when the order of steps in a workflow changes: DBOS would else take each new
source text for a new version and leave running work behind."""
QUEUE = "reactions"
POLL = 0.05
"""Seconds between two looks at the queue."""
MOST_TRIES = 12
"""Tries at one hint; with the waits between them half an hour and more."""
MOST_CRASHES = 10
"""Starts of one workflow that end with the whole process, until it is left alone."""
DRAIN = 25.0
"""Seconds that what is under way has to end in."""
KEPT = timedelta(days=4)
"""How long what has ended is remembered: a day longer than GitHub delivers it again."""
UNDER_WAY = ("ENQUEUED", "PENDING", "DELAYED")
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
MOST_COUNTED = 5_000

Fate = Literal["unknown", "waiting", "done", "failed"]
"""What became of a delivery."""
React = Callable[[Hint, int], Reacted]
"""One try at a hint, the how-manieth from 0."""

log = structlog.get_logger()


class GaveUp(RuntimeError):
    """A hint was tried as often as it may be."""


class _Holder:
    """What the workflows of this process do; they are module-level by DBOS's nature."""

    react: React | None = None


@DBOS.step(name="react_once")
def _react_step(hint: dict[str, Any], tried: int) -> dict[str, Any]:
    assert _Holder.react is not None, "the engine was not started"
    return asdict(_Holder.react(Hint.model_validate(hint), tried))


@DBOS.workflow(name="react", max_recovery_attempts=MOST_CRASHES)
def _react(hint: dict[str, Any], tried: int) -> dict[str, Any]:
    reacted = _react_step(hint, tried)
    if reacted["again_after"] is None:
        _follow_up(Hint.model_validate(hint), reacted)
    elif tried + 1 < MOST_TRIES:
        # As a workflow of its own: one that sleeps would keep its plan and its worker waiting.
        enqueue(Hint.model_validate(hint), tried=tried + 1, delay=reacted["again_after"] or None)
    else:
        raise GaveUp(f"no answer for {hint['delivery']} after {MOST_TRIES} tries")
    return reacted


def _follow_up(hint: Hint, reacted: dict[str, Any]) -> None:
    # What an older version has noted has no such key.
    for number, name in reacted.get("repositories", ()):
        place = {"scope": "repository", "repository": name, "repository_id": number}
        enqueue(hint.model_copy(update={**place, "delivery": f"{hint.delivery}:{name}"}))
    for name in reacted["plans"]:
        repository, _, plan = name.partition("#")
        update = {"scope": "plan", "repository": repository, "plan": plan, "labelled": ""}
        enqueue(hint.model_copy(update={**update, "delivery": f"{hint.delivery}:{name}"}))
    if reacted["look_again"]:
        enqueue_timer(hint, datetime.fromisoformat(reacted["look_again"]))


def enqueue_timer(hint: Hint, at: datetime) -> None:
    """Look at the plan at that time; asked for again, it is the same timer."""
    # Rounded up: one that came early would ask for itself, which is done already.
    second = math.ceil(at.timestamp())
    later = Hint(
        delivery=f"timer:{hint.repository}#{hint.plan}:{second}",
        event="timer",
        scope="plan",
        installation=hint.installation,
        repository=hint.repository,
        repository_id=hint.repository_id,
        plan=hint.plan,
    )
    enqueue(later, delay=max(0.0, second - time.time()))


def enqueue(hint: Hint, *, tried: int = 0, delay: float | None = None) -> None:
    """Put a hint on the queue; one of the same delivery is there once, whoever enqueues it."""
    # By what a rename leaves as it is: two names of one repository must not be worked on at once.
    place = str(hint.repository_id or hint.repository)
    key = f"{place}#{hint.plan}" if hint.scope == "plan" else place
    with (
        SetWorkflowID(_name(hint.delivery, tried)),
        SetEnqueueOptions(
            queue_partition_key=key if hint.repository else f"installation-{hint.installation}",
            delay_seconds=delay,
        ),
    ):
        DBOS.enqueue_workflow(QUEUE, _react, hint.model_dump(mode="json"), tried)


def fate_of(delivery: str) -> Fate:
    """What became of a delivery, over all tries at it."""
    for tried in range(MOST_TRIES):
        found = DBOS.get_workflow_status(_name(delivery, tried))
        if found is None:
            return "unknown"
        if found.status in UNDER_WAY:
            return "waiting"
        if found.status != "SUCCESS":
            return "failed"
        if found.output is None or found.output["again_after"] is None:
            return "done"
    return "failed"


def ping() -> None:
    """Raises what the driver does while the database does not answer."""
    DBOS.get_workflow_status("ping")


def depth() -> Counter[str]:
    """Workflows that have not ended, by status; counted up to some thousands."""
    return Counter(found.status for found in _listed(list(UNDER_WAY), MOST_COUNTED))


def swept() -> bool:
    """Whether everything that a sweep asked for before was looked at."""
    left = _listed(["ENQUEUED", "PENDING"], 1, workflow_id_prefix="sweep:")
    return not left


def take_over(executor: str) -> int:
    """Put what another worker had in hand back on the queue; how much that is.

    The other one must be dead, and its name must not be used again.
    """
    found = _listed(["PENDING"], None, executor_id=executor)
    ids = [one.workflow_id for one in found]
    if ids:
        # Into its own queue, which keeps the order within a plan: the default is another one.
        DBOS.resume_workflows(ids, queue_name=QUEUE)
    return len(ids)


def forget(before: datetime | None = None) -> int:
    """Delete what ended before a time, `KEPT` ago; how much that was."""
    limit = (before or datetime.now(UTC) - KEPT).isoformat()
    count = 0
    while found := _listed(list(ENDED), 200, completed_before=limit):
        DBOS.delete_workflows([one.workflow_id for one in found])
        count += len(found)
    return count


def _listed(status: list[str], limit: int | None, **more: Any) -> list[WorkflowStatus]:
    return DBOS.list_workflows(
        status=status, limit=limit, load_input=False, load_output=False, **more
    )


def _name(delivery: str, tried: int) -> str:
    return f"{delivery}~{tried}" if tried else delivery


@contextmanager
def running(
    url: str,
    react: React,
    *,
    executor: str,
    workers: int = 4,
    drain: Callable[[], float] = lambda: DRAIN,
) -> Iterator[None]:
    """DBOS launched; on leaving nothing more is begun, and what is under way has `drain` seconds.

    `url` is SQLAlchemy's. What is not done by then is taken up at the next start.
    """
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": url,
        "application_version": VERSION,
        "executor_id": executor,
        # The default is pickle, which a database should not be trusted with.
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "max_executor_threads": workers * 4,
        "notification_listener_polling_interval_sec": 0.2,
    }
    _Holder.react = react
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
        DBOS.destroy(workflow_completion_timeout_sec=math.ceil(drain()))
        _Holder.react = None


def left_behind() -> int:
    """How many reactions still run although the engine has ended."""
    deadline = time.monotonic() + 1.0
    threads = [t for t in threading.enumerate() if t.name.startswith("dbos-executor-")]
    for thread in threads:
        # An idle one ends at once.
        thread.join(max(0.0, deadline - time.monotonic()))
    return sum(thread.is_alive() for thread in threads)
