"""Real processes under their supervisor: nothing gets away."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.simulator.actions.runner.limits import Delays, Limits
from bot.simulator.actions.runner.process import Command, Ended, Supervisor

pytestmark = pytest.mark.anyio

DELAYS = Delays(interrupt=0.3, terminate=0.3, drain=0.2)
LIMITS = Limits(processes=60, free_bytes=0, nice=0)


class Shell:
    """Runs scripts under one supervisor; `mark` is in the arguments of what they start."""

    def __init__(self, supervisor: Supervisor, folder: Path) -> None:
        self.supervisor = supervisor
        self.folder = folder
        self.mark = f"60{uuid.uuid4().int % 10**9}"
        self.lines: list[str] = []

    async def __call__(self, script: str, stop_at: str = "") -> Ended:
        """`stop_at`: the line at which the step is asked to end."""
        stop = asyncio.Event()

        def hear(line: str) -> None:
            self.lines.append(line)
            if stop_at and line == stop_at:
                stop.set()

        env = {"PATH": os.environ["PATH"], "MARK": self.mark}
        command = Command(["bash", "-c", script], env, self.folder)
        return await self.supervisor.run(command, hear, stop)

    def alive(self) -> list[str]:
        """What still runs of that which carries the mark."""
        found: list[str] = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and self.mark in (entry / "cmdline").read_text():
                    found.append(entry.name)
        return found

    async def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, "the condition never came true"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def shell(tmp_path: Path, limits: Limits = LIMITS) -> AsyncIterator[Shell]:
    private, work = tmp_path / "private", tmp_path / "work"
    private.mkdir()
    work.mkdir()
    supervisor = Supervisor(private, limits, DELAYS, f"test-{uuid.uuid4()}")
    await supervisor.start(work)
    try:
        yield Shell(supervisor, work)
    finally:
        await supervisor.close()


async def test_output_and_exit_codes(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        assert await run("echo out; echo err >&2; exit 3") == Ended(3)
        assert await run("printf 'no newline'") == Ended(0)
        assert await run("kill -TERM $$") == Ended(-15)
        assert run.lines == ["out", "err", "no newline"]


async def test_a_step_sees_only_the_environment_it_is_given(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        await run("env -i true; cut -d= -f1 -z /proc/self/environ | tr '\\0' '\\n'")
        assert set(run.lines) <= {"PATH", "MARK", "RUNNER_TRACKING_ID", "PWD", "SHLVL", "_"}


async def test_a_missing_program_fails_the_step(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        command = Command(["/nowhere/tool"], {"PATH": ""}, run.folder)
        lines: list[str] = []
        ended = await run.supervisor.run(command, lines.append, asyncio.Event())
        assert ended.code == 127
        assert lines == ["##[error]/nowhere/tool: No such file or directory"]


async def test_asked_to_end_a_step_may_clean_up(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        trap = "trap 'echo cleaned; exit 7' INT; echo go; while :; do sleep 0.01; done"
        assert await run(trap, stop_at="go") == Ended(7)
        assert run.lines == ["go", "cleaned"]


async def test_a_step_that_ignores_signals_is_killed(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        stubborn = "trap '' INT TERM; echo go; exec sleep $MARK"
        assert (await run(stubborn, stop_at="go")).code == -9
        assert run.alive() == []


async def test_what_a_step_leaves_behind_serves_later_steps(tmp_path: Path) -> None:
    """As on GitHub, where a service started in one step is used in the next."""
    async with shell(tmp_path) as run:
        await run("sleep $MARK >/dev/null 2>&1 & until grep -q sleep /proc/$!/comm; do :; done")
        await run("true")
        assert len(run.alive()) == 1
        assert [name for _, name in await run.supervisor.close()] == ["sleep"]
        assert run.alive() == []


ORPHAN = "(setsid bash -c 'setsid sleep $MARK & sleep $MARK' >/dev/null 2>&1 &) ; echo done"


async def test_double_forked_sessions_do_not_escape(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        await run(ORPHAN)
        await run.until(lambda: len(run.alive()) >= 2)
        await run.supervisor.close()
        assert run.alive() == []


async def test_an_heir_of_the_output_does_not_hold_the_step_up(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        assert await run("setsid sleep $MARK & echo done") == Ended(0)
        assert run.lines == ["done"]


async def test_when_the_supervisor_is_killed_its_steps_die(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        ended = await run(f"{ORPHAN}; kill -9 $PPID; sleep $MARK")
        assert ended == Ended(-9, "the supervisor of the job is gone")
        await run.until(lambda: run.alive() == [])
        assert await run("echo never") == Ended(-9, "the supervisor of the job is gone")
        assert "never" not in run.lines


async def test_when_the_server_dies_all_dies(tmp_path: Path) -> None:
    """The pipe to the supervisor closes, whoever held it and however that one ended."""
    async with shell(tmp_path) as run:
        task = asyncio.create_task(run(f"{ORPHAN}; sleep $MARK"))
        await run.until(lambda: len(run.alive()) >= 3)
        assert run.supervisor.process is not None
        assert run.supervisor.process.stdin is not None
        run.supervisor.process.stdin.close()
        await task
        await run.until(lambda: run.alive() == [])


async def test_a_bomb_of_processes_is_stopped(tmp_path: Path) -> None:
    """Bounded in itself, should the defence fail."""
    async with shell(tmp_path) as run:
        ended = await run("for i in {1..300}; do sleep $MARK & done; wait")
        assert ended == Ended(-9, "more than 60 processes")
        assert run.alive() == []
        assert await run("echo next") == Ended(0)


async def test_a_bomb_in_new_sessions_is_stopped(tmp_path: Path) -> None:
    async with shell(tmp_path) as run:
        ended = await run("for i in {1..300}; do setsid sleep $MARK & done; wait; sleep 1")
        assert ended.limit == "more than 60 processes"
        await run.until(lambda: run.alive() == [])


async def test_filling_the_disk_is_stopped(tmp_path: Path) -> None:
    async with shell(tmp_path, replace(LIMITS, folder_bytes=5_000_000)) as run:
        ended = await run("for i in 1 2 3 4 5 6 7 8; do head -c 2M /dev/zero > f$i; done; sleep 60")
        assert ended == Ended(-9, "more than 5,000,000 bytes in the work folder")


async def test_one_huge_file_is_refused_by_the_kernel(tmp_path: Path) -> None:
    async with shell(tmp_path, replace(LIMITS, file_bytes=100_000)) as run:
        assert (await run("head -c 1M /dev/zero > big")).code != 0
        assert (run.folder / "big").stat().st_size <= 100_000


async def test_a_full_disk_stops_steps(tmp_path: Path) -> None:
    async with shell(tmp_path, replace(LIMITS, free_bytes=2**60)) as run:
        assert "bytes are free on the disk" in (await run("sleep 60")).limit


async def test_endless_output_is_cut_and_said(tmp_path: Path) -> None:
    limits = replace(LIMITS, output_bytes=50_000, output_lines=1000, line_bytes=100)
    async with shell(tmp_path, limits) as run:
        assert await run("seq 100000") == Ended(0)
        assert len(run.lines) <= 1001
        assert "too long" in run.lines[-1]
        run.lines.clear()
        await run("head -c 5000 /dev/zero | tr '\\0' x; echo; echo after")
        assert run.lines == ["x" * 100 + " [line cut]", "after"]


async def test_a_start_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    tracking = f"test-{uuid.uuid4()}"
    for turns in range(12):
        supervisor = Supervisor(tmp_path, LIMITS, DELAYS, tracking)
        starting = asyncio.create_task(supervisor.start(tmp_path))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait({starting})
        await supervisor.close()
        assert supervisor.process is None or supervisor.process.returncode is not None
    assert marked(tracking) == []


def marked(tracking: str) -> list[Path]:
    """The processes that carry the mark of a supervisor."""
    return [p for p in Path("/proc").iterdir() if tracking in environment_of(p)]


def environment_of(process: Path) -> str:
    try:
        return (process / "environ").read_text(errors="replace") if process.name.isdigit() else ""
    except OSError:
        return ""


def test_what_may_not_be_signalled_stops_nobody() -> None:
    """As a step's program with the rights of another user; signal 0 only asks."""
    script = (
        "import os, sys; from bot.simulator.actions.runner.descendants import signal_groups\n"
        "if os.getuid() == 0: os.setresuid(65534, 65534, 65534)\n"
        "signal_groups([int(sys.argv[1]), os.getpid()], 0); print('went on')"
    )
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
        command = [sys.executable, "-c", script, str(other.pid)]
        done = subprocess.run(command, capture_output=True, text=True)
        other.kill()
    assert done.stdout == "went on\n"
