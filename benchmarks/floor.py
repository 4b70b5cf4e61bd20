"""The floor: tree-sitter alone, over bytes that are already in memory, on one core or several."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import tree_sitter_elixir
from tree_sitter import Language, Parser

SHARES_PER_CORE = 8
"""More shares than cores: a core that is busy otherwise takes fewer of them."""

_share: list[list[bytes]] = []
"""What forked workers parse; set before the fork, so that no source is sent between processes."""


def one_core(sources: Sequence[bytes]) -> float:
    """Seconds to parse everything in this process."""
    started = time.perf_counter()
    _parse(sources)
    return time.perf_counter() - started


def on_cores(sources: Sequence[bytes], cores: int) -> float:
    """Seconds to parse everything on `cores` forked processes, starting them included."""
    global _share
    _share = balanced(sources, cores * SHARES_PER_CORE)
    started = time.perf_counter()
    with ProcessPoolExecutor(cores, multiprocessing.get_context("fork")) as pool:
        list(pool.map(_parse_share, range(len(_share))))
    return time.perf_counter() - started


def balanced(sources: Sequence[bytes], count: int) -> list[list[bytes]]:
    """Shares of nearly the same number of bytes, largest files first."""
    shares: list[list[bytes]] = [[] for _ in range(count)]
    loads = [0] * count
    for source in sorted(sources, key=len, reverse=True):
        lightest = loads.index(min(loads))
        shares[lightest].append(source)
        loads[lightest] += len(source)
    return shares


def read(paths: Sequence[Path]) -> list[bytes]:
    """The files' bytes, in order."""
    return [path.read_bytes() for path in paths]


def _parse_share(number: int) -> int:
    return _parse(_share[number])


def _parse(sources: Sequence[bytes]) -> int:
    parser = Parser(Language(tree_sitter_elixir.language()))
    return sum(parser.parse(source).root_node.end_byte for source in sources)
