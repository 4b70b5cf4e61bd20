"""Workers in processes of their own, and what they say."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.events import Hint
from tests.durable.support import until


@dataclass
class Worker:
    """One of them."""

    process: subprocess.Popen[str]
    said: list[list[str]] = field(default_factory=list)

    def enqueue(self, hint: Hint) -> None:
        """Give it a hint to put on the queue."""
        assert self.process.stdin is not None
        self.process.stdin.write(hint.model_dump_json() + "\n")
        self.process.stdin.flush()

    def heard(self, what: str, delivery: str = "") -> int:
        """How often it said that."""
        return sum(line[0] == what and (not delivery or line[-1] == delivery) for line in self.said)

    def kill(self) -> None:
        """As the kernel would: without a word."""
        self.process.kill()
        self.process.wait(30)


@contextmanager
def working(state: Path, executor: str, database: str = "") -> Iterator[Worker]:
    """One that is ready."""
    options = {"state": str(state), "executor": executor, "database": database}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.durable.worker", json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    worker = Worker(process)

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            worker.said.append(line.split())

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        until(lambda: worker.heard("ready") or process.poll() is not None)
        assert worker.heard("ready"), "the worker did not start"
        yield worker
    finally:
        process.kill()
        process.wait(30)
        listening.join()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue
