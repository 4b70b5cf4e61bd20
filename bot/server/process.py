"""The ingress process: started, watched and stopped by the server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.codebase.process import child_environment
from bot.errors import Unusable
from bot.settings import Settings

START = 20.0
"""Seconds until it must answer."""


@dataclass
class IngressProcess:
    """`python -m bot.server.ingress` on `host:port`, writing into `folder`."""

    settings: Settings
    folder: Path
    host: str
    port: int
    _child: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers; raises `Unusable` when it does not."""
        secret = self.settings.github_webhook_secret
        if secret is None:
            raise Unusable(
                "no webhook secret is set", hint="set GENESIS_GITHUB_WEBHOOK_SECRET to the App's"
            )
        options = {"folder": str(self.folder), "host": self.host, "port": self.port}
        self._child = subprocess.Popen(  # noqa: S603 - argv only, never a shell
            [sys.executable, "-m", "bot.server.ingress", json.dumps(options)],
            stdin=subprocess.PIPE,
            env=child_environment(self.settings.environment),
            # Ctrl-C goes to the server, which stops this one in its turn.
            start_new_session=True,
        )
        assert self._child.stdin is not None
        self._child.stdin.write(secret.get_secret_value().encode() + b"\n")
        self._child.stdin.close()
        self._wait()

    def stop(self) -> None:
        """End it once it has written what came in."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            if not self.alive:
                raise Unusable(
                    f"the webhook ingress cannot listen on {self.host}:{self.port}",
                    hint="another program may have the port; choose one with --port",
                )
            try:
                if httpx.get(f"http://{self.host}:{self.port}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        self.stop()
        raise Unusable("the webhook ingress does not answer")
