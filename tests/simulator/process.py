"""The simulator as its user starts it: a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STOPS_WITHIN = 60
CODE = "from bot.cli import main; main()"


@contextmanager
def simulating(
    *arguments: str | Path, path: str = ""
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running simulator on a free port, and what it announced.

    `path`: a folder whose programs the steps of workflows find first.
    """
    found = os.pathsep.join(part for part in (path, os.environ["PATH"]) if part)
    command = [sys.executable, "-c", CODE, "simulate", "--port", "0", "--json"]
    with subprocess.Popen(
        [*command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PATH": found},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()  # else leaving the block would wait for it without end
                raise
