"""The mix tasks a pipeline may run in the work tree."""

from __future__ import annotations

from dataclasses import dataclass

from bot.codebase.process import Completed
from bot.errors import Refused
from bot.flows.bench import Bench
from bot.pipeline.services import CommandResult


@dataclass
class MixTasks:
    """Mix tasks a pipeline may run."""

    bench: Bench
    allowed: frozenset[str] = frozenset({"compile", "format", "credo", "test", "xref"})

    def run(self, task: str, args: tuple[str, ...], *, timeout: float) -> CommandResult:
        """Run one allow-listed task; raises `Refused` for another."""
        if task not in self.allowed:
            listed = ", ".join(sorted(self.allowed))
            raise Refused(f"mix {task!r} is not on the list", hint=f"allowed: {listed}")
        self.bench.open()
        return as_result(self.bench.buildable().task((task, *args), timeout))


def as_result(done: Completed) -> CommandResult:
    """A finished process as pipelines see it."""
    return CommandResult(
        argv=done.argv,
        exit_code=done.returncode,
        stdout=done.stdout,
        stderr=done.stderr,
        seconds=done.seconds,
        timed_out=done.timed_out,
        passed=done.returncode == 0 and not done.timed_out,
    )
