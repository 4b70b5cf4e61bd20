"""One skeleton in a process of its own: `python -m benchmarks.skeleton_once DIR OUT`.

Writes the text to OUT and prints the seconds it took without imports.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bot.elixir.skeleton import skeleton
from bot.elixir.tree import DirectoryTree


def main(root: Path, out: Path) -> float:
    """Write the skeleton of the code below `root`."""
    started = time.perf_counter()
    text = skeleton(DirectoryTree(root))
    out.write_text(text, "utf-8")
    return time.perf_counter() - started


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))
