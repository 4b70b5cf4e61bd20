"""git over HTTP with a gate that lets in whoever has the token, and notes every push."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette

from bot.simulator.git import (
    Admission,
    BareRepository,
    Denied,
    PushPolicy,
    RefChange,
    git_routes,
)

T = TypeVar("T")
TOKEN = "ghs_opensesame"
PUSH_LIMIT = 4 << 20
SECONDS = 60.0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Polls until it holds; fails with `what` at the deadline."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        threading.Event().wait(0.01)


@dataclass
class Door:
    """The gate of one test. `private` asks for credentials also of those who read."""

    repository: BareRepository
    url: str
    policy: PushPolicy = field(default_factory=PushPolicy)
    private: bool = False
    pushes: list[list[RefChange]] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """With credentials in it."""
        return self.url.replace("://", f"://x-access-token:{TOKEN}@")

    @property
    def path(self) -> Path:
        return self.repository.path

    async def admit(
        self, owner: str, name: str, service: str, credentials: tuple[str, str] | None
    ) -> Admission:
        if f"{owner}/{name}" not in self.url:
            raise Denied(404, "Repository not found.")
        if credentials is None and (self.private or service == "git-receive-pack"):
            raise Denied(401, "Repository not found.", challenge=True)
        if credentials is not None and credentials[1] not in (TOKEN, "reader"):
            raise Denied(401, "Bad credentials", challenge=True)
        if credentials == ("r", "reader") and service == "git-receive-pack":
            raise Denied(403, f"Permission to {owner}/{name}.git denied to r.")
        return Admission(self.repository, credentials, self.policy)

    async def pushed(self, admission: Admission, changes: Sequence[RefChange]) -> None:
        assert isinstance(admission.actor, tuple)
        self.users.append(admission.actor[0])
        self.pushes.append(list(changes))


class Server:
    """Forwards to the door of the running test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self._door: Door | None = None
        self._numbers = itertools.count(1)

    async def admit(
        self, owner: str, name: str, service: str, credentials: tuple[str, str] | None
    ) -> Admission:
        assert self._door
        return await self._door.admit(owner, name, service, credentials)

    async def pushed(self, admission: Admission, changes: Sequence[RefChange]) -> None:
        assert self._door
        await self._door.pushed(admission, changes)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it where the server runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)

    def fresh(self, source: Path) -> Door:
        number = next(self._numbers)
        repository = BareRepository(self.folder / f"{number}.git")
        self.do(repository.import_from(source))
        url = f"http://127.0.0.1:{self.port}/o/r{number}.git"
        self._door = Door(repository, url)
        return self._door


@contextlib.contextmanager
def serving(folder: Path, patience: float = 60) -> Iterator[Server]:
    """A server of its own thread and loop, on a free port."""
    server = Server(folder)
    routes = git_routes(server, push_limit=PUSH_LIMIT, patience=patience)
    application = Starlette(routes=routes)
    config = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=0,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    http = uvicorn.Server(config)

    def serve() -> None:
        asyncio.set_event_loop(server.loop)
        server.loop.run_until_complete(http.serve())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        wait_for(lambda: http.started, "the server did not start")
        server.port = http.servers[0].sockets[0].getsockname()[1]
        yield server
    finally:
        http.should_exit = True
        thread.join(SECONDS)
        server.loop.close()
