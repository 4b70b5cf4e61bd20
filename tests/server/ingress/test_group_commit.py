"""Who waits is told once the batch is kept: all of it, or nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from itertools import chain

import pytest

from bot.server.ingress.group_commit import OVERHEAD, Full, GroupCommit, NotKept
from bot.server.ingress.records import Delivery

pytestmark = pytest.mark.anyio


class Shelf:
    """Keeps batches in memory, each only when it is let."""

    def __init__(self, *failures: Exception | None) -> None:
        self.batches: list[list[str]] = []
        self.failures = list(failures)
        self.writing = threading.Event()
        self.let = threading.Semaphore(0)
        self.closed = False

    def write(self, batch: Sequence[Delivery]) -> None:
        self.writing.set()
        assert self.let.acquire(timeout=20)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.batches.append([delivery.guid for delivery in batch])

    def close(self) -> None:
        self.closed = True


def delivery(name: str, size: int = 0) -> Delivery:
    return Delivery(name, "issues", b"x" * size)


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not look():  # noqa: ASYNC110 - another thread changes it
            await asyncio.sleep(0.005)


async def ended(log: GroupCommit) -> None:
    await asyncio.to_thread(log.close)


async def test_what_comes_in_during_a_write_is_the_next_batch() -> None:
    shelf = Shelf()
    log = GroupCommit(shelf, asyncio.get_running_loop())
    first = log.append(delivery("1"))
    await until(shelf.writing.is_set)
    rest = [log.append(delivery(str(n))) for n in range(2, 5)]
    shelf.let.release()
    await first
    assert not any(future.done() for future in rest)
    shelf.let.release()
    await asyncio.gather(*map(asyncio.shield, rest))
    await ended(log)
    assert shelf.batches == [["1"], ["2", "3", "4"]]
    assert shelf.closed


async def test_a_batch_that_is_not_kept_is_nobodys_and_the_next_is_tried() -> None:
    shelf = Shelf(NotKept("no space"), OSError("unforeseen"), None)
    log = GroupCommit(shelf, asyncio.get_running_loop())
    for name, kind in (("1", NotKept), ("2", NotKept), ("3", None)):
        future = log.append(delivery(name))
        shelf.let.release()
        if kind is None:
            await future
        else:
            with pytest.raises(kind):
                await future
    await ended(log)
    assert shelf.batches == [["3"]]


async def test_more_than_may_wait_is_refused_at_once_and_taken_again_later() -> None:
    shelf = Shelf()
    log = GroupCommit(shelf, asyncio.get_running_loop(), most=10_000)
    first = log.append(delivery("1", 9_000))
    with pytest.raises(Full):
        log.append(delivery("2", 9_000))
    shelf.let.release()
    await first
    third = log.append(delivery("3", 10_000 - OVERHEAD))
    shelf.let.release()
    await third
    await ended(log)
    assert shelf.batches == [["1"], ["3"]]


async def test_a_batch_is_bounded() -> None:
    shelf = Shelf()
    log = GroupCommit(shelf, asyncio.get_running_loop())
    futures = [log.append(delivery("0"))]
    await until(shelf.writing.is_set)
    futures += [log.append(delivery(str(n), 7_000_000)) for n in range(1, 6)]
    for _ in range(4):
        shelf.let.release()
    await asyncio.gather(*map(asyncio.shield, futures))
    await ended(log)
    assert shelf.batches == [["0"], ["1", "2"], ["3", "4"], ["5"]]


async def test_who_gives_up_waiting_takes_nobody_along() -> None:
    shelf = Shelf()
    log = GroupCommit(shelf, asyncio.get_running_loop())

    async def wait(name: str) -> None:
        await asyncio.shield(log.append(delivery(name)))

    await until(lambda: not shelf.writing.is_set())
    gone, stays = asyncio.create_task(wait("1")), asyncio.create_task(wait("2"))
    await until(shelf.writing.is_set)
    gone.cancel()
    for _ in range(2):
        shelf.let.release()
    await stays
    assert gone.cancelled()
    await ended(log)
    assert sorted(chain.from_iterable(shelf.batches)) == ["1", "2"]


async def test_closing_writes_what_waits_and_then_takes_no_more() -> None:
    shelf = Shelf()
    log = GroupCommit(shelf, asyncio.get_running_loop())
    futures = [log.append(delivery(str(n))) for n in range(5)]
    for _ in range(5):
        shelf.let.release()
    await ended(log)
    await asyncio.gather(*map(asyncio.shield, futures))
    assert sorted(chain.from_iterable(shelf.batches)) == ["0", "1", "2", "3", "4"]
    with pytest.raises(Full):
        log.append(delivery("late"))


async def test_a_failure_that_nobody_waits_for_is_no_warning() -> None:
    shelf = Shelf(NotKept("no space"))
    log = GroupCommit(shelf, asyncio.get_running_loop())
    future = log.append(delivery("1"))
    shelf.let.release()
    await until(future.done)
    await ended(log)
    assert shelf.batches == []
