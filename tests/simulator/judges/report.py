"""Prints the conformance of the last run; with `--write`, makes the page of deviations anew."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.simulator.judges import library
from tests.simulator.judges.coverage import Coverage
from tests.simulator.judges.deviations import PAGE, Deviations

RESULT = library.FOLDER / "coverage.json"


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 when there is nothing to report."""
    if "--write" in arguments:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(Deviations.load().page())
        return 0
    if not RESULT.exists():
        sys.stderr.write("no conformance run yet: make conformance\n")
        return 1
    sys.stdout.write(Coverage.load(RESULT).table() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
