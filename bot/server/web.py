"""An ASGI application on an address, in a thread of its own."""

from __future__ import annotations

import socket
import threading

import uvicorn
from fastapi import FastAPI

from bot.errors import Unusable

STOP = 5
KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than a proxy keeps its own (nginx: 60), so
that none is closed at the moment it is used again."""


class Web:
    """Listens from its making on; serves from `start` to `stop`."""

    def __init__(self, host: str, port: int) -> None:
        """Port 0 takes a free one; raises `Unusable` where the address cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise Unusable(
                f"cannot listen on {host}:{port}: {error.strerror}",
                hint="choose another port with --pages-port",
            ) from error
        self.host, self.port = host, int(self._socket.getsockname()[1])
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else self._plain

    @property
    def _plain(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self, app: FastAPI) -> None:
        """Serve; after `stop`, another application can be served."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=STOP,
        )
        self._server = uvicorn.Server(config)
        # Its own socket: the server closes the one that it is given.
        own = self._socket.dup()
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [own]}, name="pages", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End after the answers in hand."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._server = None

    def close(self) -> None:
        """Stop, and let go of the address."""
        self.stop()
        self._socket.close()
