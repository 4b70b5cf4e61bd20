"""A thread that does something every so often: its waits, its failures, its end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
import structlog

from bot import log
from bot.durable.periodic import Enough, Periodic
from tests.durable.support import until


@pytest.fixture
def said() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = StringIO()
    log.set_up(1, stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


class Work:
    """Raises what it is given, in that order, and notes when it was done."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.times: list[float] = []

    def __call__(self) -> None:
        self.times.append(time.monotonic())
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error


def made(work: Work, **options: Any) -> Periodic:
    named = {"every": 0.01, "after_failure": (0.01,), **options}
    return Periodic("work", work, **named)


def test_it_goes_on_until_it_is_stopped() -> None:
    work = Work()
    periodic = made(work)
    lives = [periodic.alive]
    periodic.start()
    until(lambda: len(work.times) >= 3)
    lives.append(periodic.alive)
    periodic.stop()
    assert [*lives, periodic.alive] == [False, True, False]


def test_it_begins_at_once_or_after_the_first_wait() -> None:
    late = Work()
    waiting = made(late, every=3600, at_once=False)
    waiting.start()
    early = Work()
    eager = made(early, every=3600)
    eager.start()
    until(lambda: early.times)
    waiting.stop()
    eager.stop()
    assert late.times == []
    assert len(early.times) == 1


def test_what_goes_wrong_is_said_and_waits_grow_until_it_goes_well(
    said: Callable[[], list[dict[str, Any]]],
) -> None:
    work = Work(OSError("away"), OSError("away"), ZeroDivisionError("a bug"), None)
    periodic = made(work, after_failure=(0.01, 0.1, 0.3), foreseen=(OSError,))
    periodic.start()
    until(lambda: len(work.times) >= 5)
    periodic.stop()
    _, second, third = (b - a for a, b in pairwise(work.times[:4]))
    assert second >= 0.1
    assert third >= 0.3
    events = said()
    assert [e["event"] for e in events] == ["work_failed"] * 3
    assert [e.get("why") for e in events] == ["OSError: away", "OSError: away", None]
    assert "ZeroDivisionError" in events[2]["exception"]


def test_it_ends_by_itself_when_the_work_says_enough(
    said: Callable[[], list[dict[str, Any]]],
) -> None:
    periodic = made(Work(None, Enough()))
    periodic.start()
    until(lambda: not periodic.alive)
    assert said() == []


def test_work_that_does_not_end_is_left_behind_and_what_breaks_then_is_no_news(
    said: Callable[[], list[dict[str, Any]]],
) -> None:
    held = threading.Event()
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        assert held.wait(30)
        raise OSError("the database is closed")

    periodic = Periodic("work", hang, every=0.01, after_failure=(0.01,))
    periodic.start()
    assert begun.wait(30)
    periodic.stop(within=0.01)
    assert periodic.alive
    held.set()
    until(lambda: not periodic.alive)
    assert said() == []
