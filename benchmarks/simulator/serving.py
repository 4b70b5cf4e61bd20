"""A simulator in its own process, started as users start it, and a code base to serve."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GENESIS = [sys.executable, "-c", "from bot.cli import main; main()"]


@dataclass(frozen=True)
class Serving:
    said: dict[str, Any]
    """What it announced: addresses, tokens, the App's key."""
    seconds: float
    """From the command to the announcement."""


@contextmanager
def serving(source: Path, state: Path) -> Iterator[Serving]:
    """Without rate limits, which are there to stop what a benchmark does."""
    options = ["--state", str(state), "--port", "0", "--json", "--no-limits"]
    began = time.perf_counter()
    with subprocess.Popen(
        [*GENESIS, "simulate", str(source), *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            yield Serving(said, time.perf_counter() - began)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def write_source(folder: Path, files: int) -> Path:
    """A git repository of so many small Elixir files, a workflow among them."""
    workflow = folder / ".github" / "workflows" / "clock.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW)
    for number in range(files - 1):
        path = folder / "lib" / f"part_{number % 50}" / f"module_{number}.ex"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"defmodule Part{number} do\n  def number, do: {number}\nend\n")
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=B", "-c", "user.email=b@localhost", "commit", "-q", "-m", "All"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True, timeout=120)
    return folder


WORKFLOW = """\
name: clock
on: workflow_dispatch
jobs:
  now:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "began=$(date +%s.%N)"
"""
