"""Work done file by file: in this process, or on all cores where there is enough source."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.elixir.crew import Crew, Order

T = TypeVar("T")

POOL_FROM_BYTES = 600_000
"""Below this much source a second process costs more than it saves."""

SHARES_PER_JOB = 16
"""More shares than processes: one that is slowed down by other work takes fewer of them."""

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""

Work = Callable[[str, bytes], T]
"""What is done with one file, given by path and content; its result must be picklable."""


def by_file(
    files: Mapping[str, bytes],
    work: Work[T],
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    before_fork: Callable[[], None] = lambda: None,
) -> list[T]:
    """The result for each file, in order, on `jobs` processes (default: one per core).

    `before_fork` makes ready what all workers share.
    """
    processes = processes_for(jobs, sum(map(len, files.values())))
    if processes < 2:
        with without_cycle_collection():
            results = (work(path, data) for path, data in files.items())
            return list(counted(results, len(files), progress))
    before_fork()
    orders = [Order("do", (share,)) for share in shares(files, processes)]
    with closing(Crew(_Files(files, work), processes)) as crew:
        found = (pair for done in crew.do(orders) for pair in done.result)
        by_path = dict(counted(found, len(files), progress))
    return [by_path[path] for path in files]


@dataclass(frozen=True)
class _Files(Generic[T]):
    files: Mapping[str, bytes]
    work: Work[T]

    def do(self, share: Sequence[str]) -> list[tuple[str, T]]:
        return [(path, self.work(path, self.files[path])) for path in share]


def processes_for(jobs: int | None, source: int) -> int:
    """How many are worth it for so many bytes; one where other threads make a fork unsafe."""
    can_fork = hasattr(os, "fork") and threading.active_count() == 1
    return (jobs or os.cpu_count() or 1) if can_fork and source >= POOL_FROM_BYTES else 1


def shares(files: Mapping[str, bytes], processes: int) -> list[list[str]]:
    """Paths in shares of nearly the same number of bytes, in order: neighbours stay together."""
    most = sum(map(len, files.values())) / (processes * SHARES_PER_JOB)
    found: list[list[str]] = []
    room = 0.0
    for path, data in files.items():
        if room <= 0:
            found.append([])
            room += most
        found[-1].append(path)
        room -= len(data)
    return found


@contextmanager
def without_cycle_collection() -> Iterator[None]:
    """Neither files nor results leave cycles behind: looking for some is time lost."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def counted(results: Iterable[T], total: int, progress: Progress | None) -> Iterator[T]:
    for number, result in enumerate(results, 1):
        if progress is not None:
            progress(number, total)
        yield result
