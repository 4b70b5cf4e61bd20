"""The mix tasks a pipeline may run in the work tree."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.bench import Bench
from bot.pipeline.services import CommandResult


@dataclass
class MixTasks:
    """Mix tasks a pipeline may run: those of the code base, as checked and judged there."""

    bench: Bench

    def run(self, task: str, args: tuple[str, ...], *, timeout: float) -> CommandResult:
        """Run one allow-listed task; raises `Refused` for another."""
        return self.bench.codebase.mix(task, args, timeout=timeout)
