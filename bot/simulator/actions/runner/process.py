"""The server's side of a job's supervisor: starts steps under it, reads what they write."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.simulator.actions.runner.descendants import kill_all
from bot.simulator.actions.runner.inside import folder
from bot.simulator.actions.runner.limits import Delays, Limits
from bot.simulator.actions.runner.output import LineCutter

ROOT = Path(__file__).resolve().parents[4]
REAPER = "import sys; sys.path.insert(0, sys.argv[1]); " + (
    "from bot.simulator.actions.runner.reaper import main; main()"
)
TRACKING = "RUNNER_TRACKING_ID"
"""In the environment of all processes of a job, as on GitHub: finds them should all else fail."""

AT_ONCE = 1 << 18
"""Bytes of output that are read before others have their turn."""
SWEEPS = (0.02, 0.1, 0.3)
"""Seconds between the looks for what outlived its supervisor."""


@dataclass(frozen=True)
class Command:
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path


@dataclass(frozen=True)
class Ended:
    code: int
    """Negative: ended by that signal."""
    limit: str = ""
    """The bound that was exceeded, in words."""


GONE = Ended(-signal.SIGKILL, "the supervisor of the job is gone")


class Supervisor:
    """One per job; the steps run one after the other, what they start may go on until `close`.

    The pipes of their output stay in `folder`, which goes with the job.
    """

    def __init__(self, folder: Path, limits: Limits, delays: Delays, tracking: str) -> None:
        self.folder = folder
        self.limits = limits
        self.delays = delays
        self.tracking = tracking
        self.process: Process | None = None
        self.ended: dict[int, asyncio.Future[Ended]] = {}
        self.killed: asyncio.Future[list[tuple[int, str]]] | None = None
        self.reader: asyncio.Task[None] | None = None
        self.count = 0

    async def start(self, watched: Path) -> None:
        """`watched` is the folder whose size is bounded."""
        self.killed = asyncio.get_running_loop().create_future()
        launching = asyncio.ensure_future(self._launch())
        try:
            await asyncio.shield(launching)
        except asyncio.CancelledError:
            # Half a start could not be undone: `close` must know the process.
            await launching
            raise
        await self._send(asdict(self.limits) | {"folder": str(watched)})

    async def _launch(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-B", "-c", REAPER, str(ROOT)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={TRACKING: self.tracking},
            start_new_session=True,
        )
        self.reader = asyncio.create_task(self._read())

    async def run(
        self, command: Command, sink: Callable[[str], None], stop: asyncio.Event
    ) -> Ended:
        """Until the step's first process ends. When `stop` is set it is asked to end, then made."""
        if self.reader is None or self.reader.done():
            return GONE
        self.count += 1
        step = self.count
        ended = self.ended[step] = asyncio.get_running_loop().create_future()
        cutter = LineCutter(self.limits, sink)
        fifo = self.folder / f"output-{step}"
        with folder(self.folder, self.folder) as place:
            os.mkfifo(fifo.name, 0o600, dir_fd=place)
            output = _open(fifo.name, place, cutter)
        try:
            await self._send(
                {
                    **{"op": "start", "step": step, "argv": [*command.argv]},
                    **{"cwd": str(command.cwd), "env": {**command.env, TRACKING: self.tracking}},
                    "output": str(fifo),
                }
            )
            result = await self._finish(step, ended, stop)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(output.closed), self.delays.drain)
            return result
        finally:
            output.close()
            cutter.finish()

    async def _finish(self, step: int, ended: asyncio.Future[Ended], stop: asyncio.Event) -> Ended:
        stopping = asyncio.create_task(stop.wait())
        both: set[asyncio.Future[Any]] = {ended, stopping}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if not ended.done():
            await self._end(step, ended)
        return await ended

    async def _end(self, step: int, ended: asyncio.Future[Ended]) -> None:
        for number, patience in (
            (signal.SIGINT, self.delays.interrupt),
            (signal.SIGTERM, self.delays.terminate),
        ):
            await self._send({"op": "signal", "step": step, "signal": int(number)})
            await asyncio.wait({ended}, timeout=patience)
            if ended.done():
                return
        await self._send({"op": "kill", "step": step})

    async def _sweep(self) -> None:
        """Kills what a supervisor left that was killed itself. More than once: what is just
        turning into another program shows no environment, and so no mark, for a moment."""
        for pause in SWEEPS:
            kill_marked(self.tracking)
            await asyncio.sleep(pause)
        kill_marked(self.tracking)

    async def close(self) -> list[tuple[int, str]]:
        """Kills whatever is left and names it: (pid, name)."""
        if self.process is None or self.killed is None or self.reader is None:
            return []
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._wake()
        await self.reader
        await self.process.wait()
        kill_marked(self.tracking)
        return self.killed.result() if self.killed.done() else []

    async def _send(self, order: Mapping[str, Any]) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self._wake()
        with contextlib.suppress(ConnectionError):
            await self.process.stdin.drain()

    def _wake(self) -> None:
        """A step may have stopped all that is above it."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)

    async def _read(self) -> None:
        """Passes on the reports. A supervisor that dies ends its steps as killed."""
        assert self.process is not None
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            try:
                report = json.loads(line)
            except ValueError:
                break  # Cut short: the supervisor was killed while it wrote.
            if report["event"] == "ended":
                future = self.ended.pop(report["step"])
                if not future.done():
                    future.set_result(Ended(report["code"], report["limit"]))
            elif self.killed is not None and not self.killed.done():
                self.killed.set_result([(pid, name) for pid, name in report["killed"]])
        if self.killed is not None and not self.killed.done():
            await self._sweep()
        for future in self.ended.values():
            if not future.done():
                future.set_result(GONE)
        self.ended.clear()


class _Output:
    """Reads a pipe until its last writer is gone.

    By no transport: uvloop's closes the descriptor, and then the file it was given, whose
    number may be another file's by then.
    """

    def __init__(self, opened: int, cutter: LineCutter) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened, self._cutter = opened, cutter
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(opened, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._opened, AT_ONCE)
        except BlockingIOError:
            return
        if data:
            self._cutter.feed(data)
        else:
            self.close()

    def close(self) -> None:
        if not self.closed.done():
            self._loop.remove_reader(self._opened)
            os.close(self._opened)
            self.closed.set_result(None)


def _open(fifo: str, place: int, cutter: LineCutter) -> _Output:
    """Opens the reading end first, so that the step's opening of the other end cannot block."""
    how = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    return _Output(os.open(fifo, how, dir_fd=place), cutter)


def kill_marked(tracking: str) -> None:
    """Kills what carries the job's mark, and what it forks meanwhile."""
    kill_all(lambda: marked(f"{TRACKING}={tracking}".encode()))


def marked(mark: bytes) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found
