"""A `genesis` that can be watched and stopped while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

CODE = "from bot.cli import main; main()"


def start(*args: str | Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *map(str, args)],
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: object, *, seconds: float = 90) -> None:
    """Watch for a condition (a function) to come true; fails when it does not."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{condition} did not come true"
        os.sched_yield()


def processes_below(cache: Path) -> list[int]:
    """Live processes that work on something below this directory: mix, beam and their sandbox."""
    found = [(pid, line) for pid, line in _command_lines() if pid != os.getpid()]
    below = str(cache / "repositories")
    return [pid for pid, line in found if below in line]


def _command_lines() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if words and not zombie:
            yield int(entry.name), words.replace(b"\0", b" ").decode("utf-8", "replace")
