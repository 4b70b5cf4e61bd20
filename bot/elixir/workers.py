"""Work done file by file: in this process, or on all cores where there is enough source."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from heapq import heapreplace
from itertools import chain
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

POOL_FROM_BYTES = 600_000
"""Below this much source a second process costs more than it saves."""

SHARES_PER_JOB = 8
"""More shares than processes: one that is slowed down by other work takes fewer of them."""

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""

Work = Callable[[str, bytes], T]
"""What is done with one file, given by path and content; its result must be picklable."""

_inherited: Callable[[str], Any] = str
"""What forked workers do; set right before the fork, so that nothing is sent to them."""


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
    with _without_cycle_collection():
        if processes < 2:
            results = (work(path, data) for path, data in files.items())
            return list(_counted(results, len(files), progress))
        before_fork()
        shares = _shares(files, processes * SHARES_PER_JOB)
        pool = _on_processes(shares, lambda path: work(path, files[path]), processes)
        with closing(pool) as found:
            done = dict(_counted(found, len(files), progress))
        return [done[path] for path in files]


def in_groups(
    groups: Sequence[T], work: Callable[[T], R], files: Mapping[str, bytes], jobs: int | None
) -> list[R]:
    """The result for each group, in order: each in a process of its own where it is worth it."""
    processes = min(len(groups), processes_for(jobs, sum(map(len, files.values()))))
    if processes < 2:
        with _without_cycle_collection():
            return [work(group) for group in groups]
    shares = [[str(number)] for number in range(len(groups))]
    with closing(_on_processes(shares, lambda n: work(groups[int(n)]), processes)) as found:
        done = dict(found)
    return [done[share[0]] for share in shares]


def processes_for(jobs: int | None, source: int) -> int:
    """How many are worth it for so many bytes; one where other threads make a fork unsafe."""
    can_fork = hasattr(os, "fork") and threading.active_count() == 1
    return (jobs or os.cpu_count() or 1) if can_fork and source >= POOL_FROM_BYTES else 1


def _on_processes(
    shares: list[list[str]], work: Callable[[str], T], processes: int
) -> Generator[tuple[str, T], None, None]:
    # Imported late: most runs have too little to do for a second process.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    global _inherited
    _inherited = work
    gc.freeze()
    try:
        with ProcessPoolExecutor(
            processes, multiprocessing.get_context("fork"), gc.disable
        ) as pool:
            yield from chain.from_iterable(pool.map(_in_worker, shares))
    finally:
        gc.unfreeze()
        _inherited = str


def _shares(files: Mapping[str, bytes], count: int) -> list[list[str]]:
    """Paths in `count` shares of nearly the same number of bytes; empty ones are left out."""
    shares: list[list[str]] = [[] for _ in range(count)]
    loads = [(0, number) for number in range(count)]
    for path in sorted(files, key=lambda p: -len(files[p])):
        load, number = loads[0]
        shares[number].append(path)
        heapreplace(loads, (load + len(files[path]), number))
    return [share for share in shares if share]


def _in_worker(share: list[str]) -> list[tuple[str, Any]]:
    return [(name, _inherited(name)) for name in share]


@contextmanager
def _without_cycle_collection() -> Iterator[None]:
    """Neither files nor results leave cycles behind: looking for some is time lost."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _counted(results: Iterable[T], total: int, progress: Progress | None) -> Iterator[T]:
    for number, result in enumerate(results, 1):
        if progress is not None:
            progress(number, total)
        yield result
