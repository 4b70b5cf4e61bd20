"""Steps that turn against their supervisor: they neither hold a job up nor get away."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from bot.simulator.actions.runner.process import Ended
from tests.simulator.actions.runner.test_process import shell

pytestmark = pytest.mark.anyio

GONE = Ended(-signal.SIGKILL, "the supervisor of the job is gone")
UNMARKED = "env -i setsid -f sleep $MARK >/dev/null 2>&1; "
GUARD = "$(cut -d ' ' -f 4 /proc/$PPID/stat)"


async def test_what_shows_no_mark_goes_with_a_killed_supervisor(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        assert await run(f"{UNMARKED * 3} kill -9 $PPID; sleep $MARK") == GONE
        assert run.alive() == []


async def test_a_stopped_supervisor_goes_on(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        assert await run(f"{UNMARKED} kill -STOP $PPID; echo done") == Ended(0)
        assert await run("kill -STOP $PPID; echo go; exec sleep $MARK", stop_at="go") == Ended(-2)
        async with asyncio.timeout(60):
            ((_, name),) = await run.supervisor.close()
        # It bears the name of its moment: `setsid` until it has become what that starts.
        assert name in ("sleep", "setsid")
        assert run.alive() == []


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
async def test_the_guard_can_be_missed(tmp_path: Path, number: int) -> None:
    async with shell(tmp_path) as run:
        assert await run(f"{UNMARKED} kill -{number:d} {GUARD}; echo done") == Ended(0)
        assert run.lines == ["done"]
        async with asyncio.timeout(60):
            assert len(await run.supervisor.close()) == 1
        assert run.alive() == []


async def test_all_that_was_stopped_at_once_wakes_when_it_is_told_to_end(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        stop = f"echo go; kill -STOP {GUARD} $PPID; exec sleep $MARK"
        async with asyncio.timeout(60):
            assert await run(stop, stop_at="go") == Ended(-2)
            assert await run.supervisor.close() == []
        assert run.alive() == []


async def test_a_stopped_supervisor_ends_with_the_server(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        await run(f"{UNMARKED} kill -STOP $PPID")
        process = run.supervisor.process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(60):
            await process.wait()
        assert run.alive() == []
