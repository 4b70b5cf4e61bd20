"""A simulator that listens on a real port, and git as its client."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from bot.simulator.connection import Connection
from tests.simulator.support import Simulated
from tests.simulator.webhooks.waiting import eventually

SECONDS = 60


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Served:
    """`await served.git("push", cwd=clone, token=...)` runs git against the simulator."""

    sim: Simulated
    url: str

    def remote(self, name: str = "acme/shop") -> str:
        return f"{self.url}/{name}.git"

    async def git(
        self, *arguments: str, cwd: Path, token: str = "", env: Mapping[str, str] | None = None
    ) -> Finished:
        """`token` goes as the password of Basic, as `actions/checkout` sends it."""
        configured = list(arguments)
        if token:
            secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
            configured = ["-c", f"http.extraheader=Authorization: Basic {secret}", *arguments]
        process = await asyncio.create_subprocess_exec(
            "git",
            *configured,
            cwd=cwd,
            env=os.environ | {"GIT_ALLOW_PROTOCOL": "file:http"} | dict(env or {}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def served(sim: Simulated) -> AsyncIterator[Served]:
    """In this event loop, so that tests see both sides."""
    config = uvicorn.Config(sim.app, port=0, log_level="warning", lifespan="off", http=Connection)
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    try:
        await eventually(lambda: server.started, "the server starts")
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(sim, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        await serving
