"""Writes one job's log as GitHub's text has it, masked, timestamped, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

from bot.simulator.actions.host import Host
from bot.simulator.actions.runner.masks import Masker

FLUSH_LINES = 200
FLUSH_SECONDS = 0.1
"""How far what people see may lag behind."""


class JobLog:
    """Lines go to the step that is set at the time."""

    def __init__(self, host: Host, job: str, masker: Masker, now: Callable[[], datetime]) -> None:
        self.host = host
        self.job = job
        self.masker = masker
        self.now = now
        self.step = 0
        self.waiting: list[str] = []
        self.timer: asyncio.TimerHandle | None = None

    def begin(self, step: int) -> None:
        self.flush()
        self.step = step

    def write(self, text: str) -> None:
        stamp = self.now().strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        masked = self.masker.mask(text)
        self.waiting += [f"{stamp} {line}" for line in masked.split("\n")]
        if len(self.waiting) >= FLUSH_LINES:
            self.flush()
        elif self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def group(self, title: str, lines: Iterable[str]) -> None:
        self.write(f"##[group]{title}")
        for line in lines:
            self.write(line)
        self.write("##[endgroup]")

    def flush(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.waiting:
            self.host.log(self.job, self.step, self.waiting)
            self.waiting = []
