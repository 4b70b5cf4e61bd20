"""The tour of the local GitHub, as `make tour` gives it: git, curl, githubkit and real mix."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.elixir
@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour asks with curl")
def test_the_tour_ends_well() -> None:
    command = [sys.executable, "-m", "examples.tour"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for said in (
        "[new branch]      greet -> greet",
        "a reader may not: 403",
        "checks.update: completed, success",
        "#1 is closed: completed",
        "0 failures",
        "wrongly signed: 0",
        "with the same GUID",
    ):
        assert said in done.stdout
