"""The ingress process: started, watched, started again when it dies, and stopped by the server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from bot.codebase.process import child_environment
from bot.errors import Unusable
from bot.settings import Settings

START = 30.0
"""Seconds until it must have said how it is."""
STOP = 10.0
"""Seconds until it must have ended; what it has not acknowledged by then was not taken."""
PAUSES = (0.1, 1.0, 5.0, 15.0)
"""Seconds before it is started once more, the more often it died in a row."""
STEADY = 60.0
"""Seconds it runs until earlier deaths do not count any more."""

log = structlog.get_logger()


@dataclass
class IngressProcess:
    """`python -m bot.server.ingress` on `host:port`."""

    settings: Settings
    folder: Path
    host: str
    port: int
    """0 for a free one; the one it has, once it was started."""
    database: str = ""
    """Address of the Postgres that keeps deliveries; empty: the folder does."""
    alive: bool = False
    counts: dict[str, Any] = field(default_factory=dict)
    """As it told them last: `answers` by status, `batches` written, `seconds` they took."""
    deaths: int = 0
    _row: int = 0
    """Deaths with no steady time between them."""
    _child: subprocess.Popen[str] | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _said: threading.Event = field(default_factory=threading.Event)
    _served: bool = False
    """It was ready once: then it is started again when it dies."""
    _failure: str = "it does not answer"
    _thread: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs, 0 without one."""
        return self._child.pid if self._child is not None and self.alive else 0

    def start(self) -> None:
        """Start it and wait until it takes deliveries; raises `Unusable` when it does not."""
        # An empty one, as an empty file gives, would let everybody sign.
        if not self.settings.github_webhook_secret:
            raise Unusable(
                "no webhook secret is set", hint="set GENESIS_GITHUB_WEBHOOK_SECRET to the App's"
            )
        self._child = self._spawned()
        self._thread = threading.Thread(target=self._watch, name="ingress", daemon=True)
        self._thread.start()
        self._said.wait(START)
        if not self.alive:
            self.stop()
            raise Unusable(
                f"the webhook ingress did not start: {self._failure}",
                hint="choose another port with --port, and look at the log above",
            )

    def stop(self) -> None:
        """End it once it has written what came in."""
        self._stopping.set()
        child = self._child
        if child is not None:
            child.terminate()
            try:
                child.wait(STOP)
            except subprocess.TimeoutExpired:
                child.kill()
        if self._thread is not None:
            self._thread.join()

    def _spawned(self) -> subprocess.Popen[str]:
        options = {"folder": str(self.folder), "host": self.host, "port": self.port}
        child = subprocess.Popen(  # noqa: S603 - argv only, never a shell
            [sys.executable, "-m", "bot.server.ingress", json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=child_environment(self.settings.environment),
            # Ctrl-C goes to the server, which stops this one in its turn.
            start_new_session=True,
        )
        assert child.stdin is not None
        # It stays open: its end tells the child that we are gone.
        with suppress(OSError):
            child.stdin.write(json.dumps(self._secrets()) + "\n")
            child.stdin.flush()
        return child

    def _secrets(self) -> dict[str, str]:
        secret = self.settings.github_webhook_secret
        value = secret.get_secret_value() if secret is not None else ""
        return {"secret": value, "database": self.database}

    def _watch(self) -> None:
        child = self._child
        while child is not None:
            began = time.monotonic()
            self._listen(child)
            self.alive = False
            self._close(child)
            self._said.set()
            if self._stopping.is_set() or not self._served:
                return
            self.deaths += 1
            self._row = 1 if time.monotonic() - began > STEADY else self._row + 1
            log.error("ingress_died", code=child.returncode, why=self._failure)
            if self._stopping.wait(PAUSES[min(self._row, len(PAUSES)) - 1]):
                return
            child = self._child = self._spawned()
            if self._stopping.is_set():
                child.terminate()

    def _listen(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        for line in child.stdout:
            told = json.loads(line)
            if "ready" in told:
                self.port, self._failure = int(told["ready"]), ""
                self.alive = self._served = True
                self._said.set()
            elif "failed" in told:
                self._failure = told["failed"]
            else:
                self.counts = told

    @staticmethod
    def _close(child: subprocess.Popen[str]) -> None:
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        child.wait()
