"""Peak memory of a command with all its children, sampled from /proc."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

INTERVAL = 0.01
"""Seconds between samples."""


def peak_megabytes(command: Sequence[str]) -> float:
    """The highest sum of proportional set sizes seen while `command` ran.

    Proportional, because forked workers share most of their pages; resident sizes would count
    these once per process. Raises `CalledProcessError` when the command fails.
    """
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while child.poll() is None:
        peak = max(peak, sum(_proportional_kb(pid) for pid in _family(child.pid)))
        time.sleep(INTERVAL)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, list(command))
    return peak / 1024


def _family(root: int) -> list[int]:
    found = [root]
    for pid in found:
        tasks = Path(f"/proc/{pid}/task")
        for task in _listed(tasks):
            found += [int(p) for p in _text(tasks / task / "children").split()]
    return found


def _proportional_kb(pid: int) -> int:
    for line in _text(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # the process has just ended
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has just ended
        return ""
