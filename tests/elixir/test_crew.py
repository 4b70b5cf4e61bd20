"""Processes that keep what they have; in a process of its own, beside whose threads none forks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing import active_children
from pathlib import Path

import pytest

from bot.elixir.crew import Crew, Order
from bot.errors import Unusable

THOUGHT = 2.0
"""Seconds."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Clerk:
    """Counts what it was given."""

    seen: list[str] = field(default_factory=list)

    def file(self, name: str) -> tuple[int, list[str]]:
        self.seen.append(name)
        return os.getpid(), list(self.seen)

    def slowly(self, name: str) -> tuple[int, list[str]]:
        time.sleep(0.2)
        return self.file(name)

    def when(self) -> float:
        return time.monotonic()

    def refuse(self, name: str) -> None:
        raise LookupError(name)

    def die(self) -> None:
        os._exit(3)


def alone(function: str) -> None:
    """Run one of the functions below, which forks."""
    code = f"from tests.elixir import test_crew as t; t.{function}()"
    command = [sys.executable, "-W", "error", "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr


def keeping() -> None:
    """Each keeps its own, and does first what it should; the maker has nothing of it."""
    clerk = Clerk()
    with closing(Crew(clerk, 2)) as crew:
        orders = [Order("slowly", (f"{n}",), prefers=n % 2) for n in range(6)]
        found = {done.number: (done.worker, done.result) for done in crew.do(orders)}
        assert [found[n][0] for n in range(6)] == [0, 1, 0, 1, 0, 1]
        assert [found[n][1][1] for n in (4, 5)] == [["0", "2", "4"], ["1", "3", "5"]]
        assert {pid for _, (pid, _) in found.values()} == {p.pid for p in active_children()}
        again = [done.result[1] for done in crew.do([Order("file", ("6",), prefers=1)])]
        assert len(again[0]) == 4
    assert clerk.seen == []


def thought_of() -> Iterator[Order]:
    yield Order("when", ())
    time.sleep(THOUGHT)
    yield Order("when", ())


def sharing() -> None:
    """One that has nothing to do takes of what another should; work begins with the first order."""
    with closing(Crew(Clerk(), 2)) as crew:
        orders = [Order("slowly", (f"{n}",), prefers=0) for n in range(4)]
        assert {done.worker for done in crew.do(orders)} == {0, 1}
        begun = time.monotonic()
        first, _ = crew.do(thought_of())
        assert first.result < begun + THOUGHT
        crew.all_do("file", "all")
        last = [done.result[1] for done in crew.do([Order("slowly", (n,)) for n in "xy"])]
        assert all("all" in seen for seen in last)


def failing() -> None:
    """What a method raises is raised here, with where it was; the crew goes on."""
    with closing(Crew(Clerk(), 2)) as crew:
        with pytest.raises(LookupError, match="this") as caught:
            list(crew.do([Order("refuse", ("this",))]))
        assert "in refuse" in caught.value.__notes__[0]
        with pytest.raises(LookupError, match="that"):
            crew.all_do("refuse", "that")


def dying() -> None:
    """A process that is gone is told, not waited for."""
    orders = [Order("die", ()), Order("slowly", ("x",))]
    ended = pytest.raises(Unusable, match=r"ended, with code 3 .*-j 1")
    with closing(Crew(Clerk(), 2)) as crew, ended:
        list(crew.do(orders))
    for child in active_children():
        child.join(10)
    assert active_children() == []


@pytest.mark.parametrize("function", ["keeping", "sharing", "failing", "dying"])
def test_in_a_process_of_its_own(function: str) -> None:
    alone(function)
