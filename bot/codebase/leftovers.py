"""Directories of ours that are to go, also while the last of a killed child still writes there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

TRIES = 20
PAUSE = 0.05
"""Seconds between two tries: processes in a sandbox die a moment after the one that was killed."""


def remove_tree(directory: Path, pause: Callable[[float], None] = time.sleep) -> bool:
    """Remove a directory with everything in it; false when something stays for good."""
    for _ in range(TRIES):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return True
        pause(PAUSE)
    return False
