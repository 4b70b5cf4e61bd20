"""The supervisor of one job's processes, a program of its own: nothing a step starts outlives it.

It is a subreaper, so whatever a step leaves behind, also by a double fork with setsid, becomes
its child. It takes one JSON object a line on stdin and answers likewise on stdout; when stdin
ends, for instance because the server died, it kills everything and exits. It imports next to
nothing, so that it starts in about 20 ms (`python -I -S`).

Steps run as the same user, so they can stop or kill it. A guard above it, which only waits, lets
it go on or kills what it left.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from typing import Any

from bot.simulator.actions.runner.child import IGNORED, libc, run_step
from bot.simulator.actions.runner.descendants import descendants, kill_all, name_of, send

PR_SET_CHILD_SUBREAPER = 36
TICK = 0.02
"""Seconds between two looks at the limits."""
WALK_SHARE = 20
"""A walk over the work folder is repeated after so many times its own duration, at least 1 s."""
LINE_LIMIT = 8 * 2**20


class Reaper:
    """`limits`: processes, folder (path), folder_bytes, free_bytes, file_bytes, files, nice."""

    def __init__(self, limits: dict[str, Any]) -> None:
        self.limits = limits
        self.steps: dict[int, int] = {}
        """The step's number by the pid of its first process."""
        self.pending = b""
        self.open = True
        self.next_walk = 0.0
        self.exceeded = ""
        self.woken = wake_on_children()

    def serve(self) -> None:
        while self.open:
            ready, _, _ = select.select([0, self.woken], [], [], TICK if self.steps else 1.0)
            if self.woken in ready:
                os.read(self.woken, 4096)
            if 0 in ready:
                self.receive()
            self.reap()
            if self.steps:
                self.check_limits()
        self.end()

    def receive(self) -> None:
        chunk = os.read(0, 65536)
        self.pending += chunk
        self.open = bool(chunk) and len(self.pending) < LINE_LIMIT
        *lines, self.pending = self.pending.split(b"\n")
        for line in lines:
            self.obey(json.loads(line))

    def obey(self, order: dict[str, Any]) -> None:
        match order["op"]:
            case "start":
                self.start(order)
            case "signal":
                for pid, step in self.steps.items():
                    if step == order["step"]:
                        send(pid, order["signal"])
            case "kill":
                self.kill([p for p, step in self.steps.items() if step == order["step"]])

    def kill(self, roots: list[int]) -> None:
        kill_all(lambda: [p for root in roots for p in (root, *descendants(root))])

    def start(self, order: dict[str, Any]) -> None:
        self.exceeded = ""
        pid = os.fork()
        if pid == 0:
            run_step(order, self.limits)
        self.steps[pid] = order["step"]

    def reap(self) -> bool:
        """Collects the dead and reports the steps among them. False: nobody is left at all."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            step = self.steps.pop(pid, None)
            if step is not None:
                code = os.waitstatus_to_exitcode(status)
                tell({"event": "ended", "step": step, "code": code, "limit": self.exceeded})

    def check_limits(self) -> None:
        self.exceeded = self.exceeded or self.excess()
        if self.exceeded:
            kill_all(lambda: descendants(os.getpid()))

    def excess(self) -> str:
        """Which limit is exceeded; empty while none is."""
        if len(descendants(os.getpid(), self.limits["processes"] + 1)) > self.limits["processes"]:
            return f"more than {self.limits['processes']} processes"
        disk = os.statvfs(self.limits["folder"])
        if disk.f_bavail * disk.f_frsize < self.limits["free_bytes"]:
            return f"less than {self.limits['free_bytes']:,} bytes are free on the disk"
        now = time.monotonic()
        if now >= self.next_walk:
            size = bytes_under(self.limits["folder"], self.limits["folder_bytes"])
            self.next_walk = now + max(1.0, WALK_SHARE * (time.monotonic() - now))
            if size > self.limits["folder_bytes"]:
                return f"more than {self.limits['folder_bytes']:,} bytes in the work folder"
        return ""

    def end(self) -> None:
        """Kills what is left and says what that was."""
        send(os.getppid(), signal.SIGCONT)  # a step may have stopped the guard
        left = [(pid, name_of(pid)) for pid in descendants(os.getpid())]
        deadline = time.monotonic() + 30
        while self.reap() and time.monotonic() < deadline:
            kill_all(lambda: descendants(os.getpid()))
            time.sleep(0.002)
        tell({"event": "closed", "killed": left[:100]})


def wake_on_children() -> int:
    """A file that becomes readable when a child ends."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def come_first() -> None:
    """Goes before all ordinary processes where that is allowed: else a fork bomb, thousands of
    processes against one, leaves no time to stop it. Elsewhere RLIMIT_NPROC bounds the bomb, which
    does not bind the superuser."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def bytes_under(folder: str, enough: int) -> int:
    """Allocated bytes, links not followed; stops counting once there are `enough`."""
    total, todo = 0, [folder]
    while todo and total <= enough:
        with contextlib.suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
    return total


def tell(report: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(report).encode() + b"\n")


def main() -> None:
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    come_first()
    adopt_orphans()
    pid = os.fork()
    if pid == 0:
        adopt_orphans()
        supervise()
        os._exit(0)
    guard(pid)


def adopt_orphans() -> None:
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def guard(reaper: int) -> None:
    """Wakes the supervisor whenever it was stopped. When it is gone, so is all it supervised."""
    alive = True
    while alive:
        pid, status = os.waitpid(-1, os.WUNTRACED)
        if pid == reaper:
            alive = os.WIFSTOPPED(status)
            if alive:
                send(pid, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while has_children() and time.monotonic() < deadline:
        kill_all(lambda: descendants(os.getpid()))
        time.sleep(0.002)


def has_children() -> bool:
    """Whether anybody is left once the dead are collected."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    return False


def supervise() -> None:
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return
        line += byte
    Reaper(json.loads(line)).serve()
