"""Real HTTP servers on loopback for the time of a `with` block."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

STARTS_WITHIN = 10.0
POLL = 0.01


class NeverHappened(AssertionError):
    """A condition did not come true before its deadline."""


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Polls; raises NeverHappened."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NeverHappened(f"not within {seconds:g} s: {what}")
        time.sleep(POLL)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of `app`, served by a thread of its own on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", server_header=False, date_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        until(lambda: server.started, "the server starts", STARTS_WITHIN)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STARTS_WITHIN)
        listener.close()
