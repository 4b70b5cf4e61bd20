"""Work side by side: bounded, in order, one failure contained."""

from __future__ import annotations

import threading

import pytest

from bot.errors import OtpError, Unusable
from bot.pipeline.budget import Cancelled
from bot.pipeline.parallel import TimedOut, run_parallel


def test_results_keep_the_order_of_the_tasks() -> None:
    gate = threading.Event()

    def late() -> int:
        gate.wait(10)
        return 1

    def early() -> int:
        gate.set()
        return 2

    assert run_parallel([late, early], max_parallel=2) == [1, 2]


def test_no_more_run_at_once_than_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()
    barrier = threading.Barrier(2)

    def task() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(10)
        with lock:
            running -= 1

    run_parallel([task] * 6, max_parallel=2)
    assert most == 2


def test_an_expected_error_is_a_result_and_the_others_go_on() -> None:
    def fails() -> int:
        raise Unusable("no")

    results = run_parallel([fails, lambda: 2], max_parallel=1)
    assert isinstance(results[0], Unusable)
    assert results[1] == 2


def test_a_bug_is_raised() -> None:
    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_parallel([broken, lambda: 2], max_parallel=2)


def test_a_task_that_does_not_end_is_given_up() -> None:
    never = threading.Event()
    results: list[bool | OtpError] = run_parallel(
        [lambda: never.wait(30), lambda: True], max_parallel=2, timeout=0.05
    )
    never.set()
    assert isinstance(results[0], TimedOut)
    assert results[1] is True


def test_a_stopped_run_waits_for_nobody() -> None:
    never = threading.Event()

    def stop() -> None:
        raise Cancelled("the run was stopped")

    with pytest.raises(Cancelled):
        run_parallel([lambda: never.wait(30)], max_parallel=1, check=stop)
    never.set()


def test_nothing_to_do_is_done() -> None:
    assert run_parallel([], max_parallel=3) == []
