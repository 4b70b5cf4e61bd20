"""Work done file by file: in this process, or on all cores where there is enough source."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from heapq import heapreplace
from itertools import chain
from typing import Any, TypeVar

T = TypeVar("T")

POOL_FROM_BYTES = 600_000
"""Below this much source a second process costs more than it saves."""

SHARES_PER_JOB = 8
"""More shares than processes: one that is slowed down by other work takes fewer of them."""

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""

Work = Callable[[str, bytes], T]
"""What is done with one file, given by path and content; its result must be picklable."""

_NOTHING: tuple[Mapping[str, bytes], Work[Any]] = ({}, lambda _path, _data: None)

_inherited = _NOTHING
"""What forked workers read; set right before the fork, so that no source is sent to them."""


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
    processes = jobs or os.cpu_count() or 1
    can_fork = hasattr(os, "fork") and threading.active_count() == 1
    alone = processes < 2 or not can_fork or sum(map(len, files.values())) < POOL_FROM_BYTES
    with _without_cycle_collection():
        if alone:
            results = (work(path, data) for path, data in files.items())
            return list(_counted(results, len(files), progress))
        before_fork()
        return _on_processes(files, work, processes, progress)


def _on_processes(
    files: Mapping[str, bytes], work: Work[T], processes: int, progress: Progress | None
) -> list[T]:
    # Imported late: most runs have too little to do for a second process.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    global _inherited
    shares = _shares(files, processes * SHARES_PER_JOB)
    _inherited = (files, work)
    gc.freeze()
    try:
        with ProcessPoolExecutor(
            processes, multiprocessing.get_context("fork"), gc.disable
        ) as pool:
            done = chain.from_iterable(pool.map(_in_worker, shares))
            found = list(_counted(done, len(files), progress))
    finally:
        gc.unfreeze()
        _inherited = _NOTHING
    in_order = dict(zip(chain.from_iterable(shares), found, strict=True))
    return [in_order[path] for path in files]


def _shares(files: Mapping[str, bytes], count: int) -> list[list[str]]:
    """Paths in `count` shares of nearly the same number of bytes; empty ones are left out."""
    shares: list[list[str]] = [[] for _ in range(count)]
    loads = [(0, number) for number in range(count)]
    for path in sorted(files, key=lambda p: -len(files[p])):
        load, number = loads[0]
        shares[number].append(path)
        heapreplace(loads, (load + len(files[path]), number))
    return [share for share in shares if share]


def _in_worker(share: list[str]) -> list[Any]:
    files, work = _inherited
    return [work(path, files[path]) for path in share]


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
