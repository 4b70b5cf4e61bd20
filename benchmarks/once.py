"""One measurement in a process of its own: `python -m benchmarks.once KIND ROOT CORES` prints JSON.

Imports are done before the clock starts; a fresh process each time keeps warm heaps out of it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks import floor
from bot.elixir.analyze import analyze
from bot.elixir.tree import DirectoryTree


def main(kind: str, root: Path, cores: int) -> dict[str, float]:
    """Run one measurement; `seconds`, and for the analysis how much it went through."""
    if kind == "analysis":
        started = time.perf_counter()
        found = analyze(root, jobs=cores)
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "findings": len(found.findings), "files": found.files}
    sources = list(DirectoryTree(root).files().values())
    seconds = floor.one_core(sources) if kind == "floor-1" else floor.on_cores(sources, cores)
    return {"seconds": seconds, "files": len(sources), "bytes": sum(map(len, sources))}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
