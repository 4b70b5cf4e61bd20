"""What a simulator begins with, also after a beginning that failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.simulator.__main__ import UNUSABLE
from bot.simulator.options import Options, Source
from tests.simulator.support import SHOP, git, simulated

pytestmark = pytest.mark.anyio


def start(state: Path, *sources: Path) -> subprocess.CompletedProcess[str]:
    named = tuple(Source(path=path, name=path.name) for path in sources)
    options = Options(state=state, sources=named, port=0).model_dump_json()
    command = [sys.executable, "-m", "bot.simulator", options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


async def test_a_start_that_failed_is_in_nobodys_way(tmp_path: Path, shop: Path) -> None:
    """What it had copied by then has no record, and its number is given out again."""
    state = tmp_path / "state"
    git("init", "-q", "--object-format=sha256", "odd", cwd=tmp_path)
    done = start(state, shop, tmp_path / "odd")
    assert done.returncode == UNUSABLE, done.stderr
    (state / "git" / ".new-killed").mkdir()
    for _ in range(2):
        async with simulated(state, shop) as sim:
            assert (await sim.as_("reader").get(f"{SHOP}/git/ref/heads/main")).status_code == 200
            folders = [path.name for path in (state / "git").iterdir()]
            assert folders == [f"{sim.repository.id}.git"]
