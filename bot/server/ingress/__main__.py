"""The process: `python -m bot.server.ingress JSON`, with its secrets on standard input.

An argument or the environment would show them to others on the machine. What it tells its parent
are lines of JSON on standard output; it ends when standard input does, as its parent has then.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from bot import log
from bot.server.ingress.app import Ingress
from bot.server.ingress.group_commit import Sink
from bot.server.ingress.segment_log import SegmentLog

EVERY = 1.0
"""Seconds between two lines of counts."""
TURN = 8.0
"""Seconds to wait for the process before this one to let go of the port."""


def main(arguments: list[str]) -> int:
    """Serve until told to stop; the argument is `{"folder", "host", "port"}`."""
    # The thread that writes has its turn soon, however busy the other one is.
    sys.setswitchinterval(0.001)
    options = json.loads(arguments[0])
    secrets = json.loads(sys.stdin.buffer.readline())
    log.set_up(1, secrets=tuple(filter(None, secrets.values())))
    log.take_standard()
    try:
        listening = _listen(options["host"], options["port"])
    except OSError as error:
        _tell({"failed": f"cannot listen on {options['host']}:{options['port']}: {error.strerror}"})
        return 3
    ingress = Ingress(_sink(options, secrets), secrets["secret"].encode())
    server = _Server(_config(ingress), ingress, listening)
    threading.Thread(target=_follow, args=(server,), daemon=True).start()
    server.run(sockets=[listening])
    return 0


class _Server(uvicorn.Server):
    """Tells when it is ready, and then its counts."""

    def __init__(self, config: uvicorn.Config, ingress: Ingress, listening: socket.socket) -> None:
        super().__init__(config)
        self._ingress, self._port = ingress, listening.getsockname()[1]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            _tell({"failed": self._ingress.failure or "it cannot listen"})
            raise
        _tell({"ready": self._port})
        self._counting = asyncio.create_task(self._count())

    async def _count(self) -> None:
        told: dict[str, Any] = {}
        while not self.should_exit:
            await asyncio.sleep(EVERY)
            batches, seconds = self._ingress.written
            answers = {str(status): n for status, n in self._ingress.answers.items()}
            counts = {"answers": answers, "batches": batches, "seconds": round(seconds, 6)}
            if counts != told:
                told = counts
                _tell(counts)


def _config(ingress: Ingress) -> uvicorn.Config:
    return uvicorn.Config(
        ingress,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        lifespan="on",
        loop="uvloop",
        http="httptools",
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )


def _sink(options: dict[str, Any], secrets: dict[str, str]) -> Callable[[], Sink]:
    if not secrets["database"]:
        return lambda: SegmentLog(Path(options["folder"]))
    # Only now: it costs memory where it is not needed.
    from bot.server.ingress.table_log import TableLog

    return lambda: TableLog(secrets["database"])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + TURN
    while True:
        try:
            return socket.create_server((host, port), family=family, backlog=2048)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _follow(server: uvicorn.Server) -> None:
    """End with the parent: the next one will want the port and the folder."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True


def _tell(what: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()
    except OSError:
        # Nobody listens any more, as standard input says too; what is left is not for them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
