"""Bounded work side by side: every task ends or is given up, and one failure is contained."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.errors import OtpError, Unusable

T = TypeVar("T")

_TICK = 0.05
"""Seconds between looks at whether the run was stopped."""


class TimedOut(Unusable):
    """A task did not end by its deadline."""


def run_parallel(
    tasks: Sequence[Callable[[], T]],
    *,
    max_parallel: int,
    timeout: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> list[T | OtpError]:
    """Results, or the expected error, in the order of `tasks`; at most `max_parallel` at once.

    `timeout` is for each task, in seconds from its start. A thread cannot be killed: one that is
    late is left behind and what it still does counts no more, so tasks bound their own calls too.
    `check` is called while waiting and may raise to stop. An unexpected error is raised here.
    """
    results: dict[int, T | OtpError | BaseException] = {}
    waiting = list(range(len(tasks)))
    running: dict[int, tuple[threading.Thread, float]] = {}
    done = threading.Condition()

    def work(index: int) -> None:
        outcome: T | OtpError | BaseException
        try:
            outcome = tasks[index]()
        except BaseException as error:
            outcome = error
        with done:
            results.setdefault(index, outcome)
            done.notify()

    with done:
        while waiting or running:
            while waiting and len(running) < max_parallel:
                index = waiting.pop(0)
                thread = threading.Thread(target=work, args=(index,), daemon=True)
                running[index] = (thread, time.monotonic())
                thread.start()
            done.wait(_TICK)
            check()
            _collect(results, running, timeout)
    return [_expected(results[index]) for index in range(len(tasks))]


def _collect(
    results: dict[int, T | OtpError | BaseException],
    running: dict[int, tuple[threading.Thread, float]],
    timeout: float | None,
) -> None:
    for index, (_, started) in list(running.items()):
        if index not in results and timeout is not None and time.monotonic() - started > timeout:
            results[index] = TimedOut(f"not done after {timeout:g} seconds")
        if index in results:
            del running[index]


def _expected(outcome: T | OtpError | BaseException) -> T | OtpError:
    if isinstance(outcome, BaseException) and not isinstance(outcome, OtpError):
        raise outcome
    return outcome
