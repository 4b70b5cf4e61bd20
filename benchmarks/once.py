"""One measurement in a process of its own: `python -m benchmarks.once KIND ROOT CORES` prints JSON.

Imports are done before the clock starts; a fresh process each time keeps warm heaps out of it.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import active_children
from pathlib import Path

from benchmarks import floor
from bot.elixir.analyze import analyze, survey
from bot.elixir.result_cache import ResultCache
from bot.elixir.rules import all_rules
from bot.elixir.tree import DirectoryTree, SourceTree


def main(kind: str, root: Path, cores: int) -> dict[str, float]:
    """Run one measurement: `seconds` on the clock, `cpu` seconds with children."""
    if kind.startswith("analysis"):
        all_rules()  # imported on first use, as what makes processes is
        import_module("multiprocessing.connection")
        used, started = _cpu(), time.perf_counter()
        found = analyze(root, jobs=1 if kind == "analysis-1" else cores)
        seconds = time.perf_counter() - started
        seen: dict[str, float] = {"findings": len(found.findings), "files": found.files}
    elif kind in ("warm", "changed"):
        return again(root, cores, changed=kind == "changed")
    else:
        sources = list(DirectoryTree(root).files().values())
        used = _cpu()
        seconds = floor.one_core(sources) if kind == "floor-1" else floor.on_cores(sources, cores)
        seen = {"files": len(sources), "bytes": sum(map(len, sources))}
    return {"seconds": seconds, "cpu": _cpu() - used, **seen}


_CHANGES = 25
"""Files that are changed, one at a time."""


@dataclass(frozen=True)
class _Changed:
    """A directory in which somebody has added a function to one module."""

    root: Path
    chosen: str

    def files(self) -> dict[str, bytes]:
        """All files, the chosen one changed."""
        files = dict(DirectoryTree(self.root).files())
        head, end, tail = files[self.chosen].rpartition(b"end")
        added = b"  def added(x), do: spawn(fn -> x end)\n"
        return files | {self.chosen: head + added + end + tail}

    def notes(self) -> tuple[()]:
        """None of interest."""
        return ()


def again(root: Path, cores: int, *, changed: bool) -> dict[str, float]:
    """A second analysis, with all of the first one in the cache; reading files included.

    Where one file is `changed`: the median of several such files, and the `worst` of them.
    """
    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as folder:
        first = ResultCache.below(Path(folder) / "first")
        survey(DirectoryTree(root), jobs=cores, cache=first)
        trees: list[SourceTree] = [DirectoryTree(root)]
        if changed:
            trees = [_Changed(root, path) for path in _spread(root)]
        seen = []
        for number, tree in enumerate(trees):
            copied = shutil.copytree(Path(folder) / "first", Path(folder) / str(number))
            seen.append(_second(tree, cores, ResultCache.below(copied), changed))
    median = sorted(seen)[len(seen) // 2]
    return {"seconds": median[0], "cpu": median[1], "files": median[2], "worst": max(seen)[0]}


def _spread(root: Path) -> list[str]:
    """Files that hold code, evenly by their size from the smallest to the largest."""
    files = {p: data for p, data in DirectoryTree(root).files().items() if b"end" in data}
    by_size = sorted(files, key=lambda path: (len(files[path]), path))
    return by_size[:: max(1, len(by_size) // (_CHANGES - 1))]


def _second(
    tree: SourceTree, cores: int, cache: ResultCache, changed: bool
) -> tuple[float, float, int]:
    used, started = _cpu(), time.perf_counter()
    found = survey(tree, jobs=cores, cache=cache).analysis
    seconds, cpu = time.perf_counter() - started, _cpu() - used
    if found.cached != found.files - changed:
        raise AssertionError(f"{found.cached} of {found.files} files were known")
    return seconds, cpu, found.files


def _cpu() -> float:
    """Children count once they have ended, which nobody waits for while the clock runs."""
    for child in active_children():
        child.join()
    both = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
