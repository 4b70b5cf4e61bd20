"""One measurement in a process of its own: `python -m benchmarks.once KIND ROOT CORES` prints JSON.

Imports are done before the clock starts; a fresh process each time keeps warm heaps out of it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from benchmarks import floor
from bot.elixir.analyze import analyze
from bot.elixir.rules import all_rules
from bot.elixir.tree import DirectoryTree


def main(kind: str, root: Path, cores: int) -> dict[str, float]:
    """Run one measurement: `seconds` on the clock, `cpu` seconds with children."""
    if kind.startswith("analysis"):
        all_rules()  # imported on first use
        used, started = _cpu(), time.perf_counter()
        found = analyze(root, jobs=1 if kind == "analysis-1" else cores)
        seconds = time.perf_counter() - started
        seen: dict[str, float] = {"findings": len(found.findings), "files": found.files}
    else:
        sources = list(DirectoryTree(root).files().values())
        used = _cpu()
        seconds = floor.one_core(sources) if kind == "floor-1" else floor.on_cores(sources, cores)
        seen = {"files": len(sources), "bytes": sum(map(len, sources))}
    return {"seconds": seconds, "cpu": _cpu() - used, **seen}


def _cpu() -> float:
    """Children count once they have ended, which the pools see to."""
    both = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
