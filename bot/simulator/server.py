"""The HTTP server of a simulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from bot.simulator.app import create_app
from bot.simulator.connection import Connection
from bot.simulator.world import World

KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than clients keep theirs (httpx: 5), so that
none is closed at the moment it is used again."""


class Server(uvicorn.Server):
    """Its signals are handled by whoever runs it, and are not raised again when it has ended:
    being told to stop is how a simulator ends well."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_for(world: World) -> Server:
    config = uvicorn.Config(
        create_app(world),
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
        server_header=False,
        http=Connection,
    )
    return Server(config)
