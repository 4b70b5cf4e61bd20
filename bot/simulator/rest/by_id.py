"""Repositories by their id, where redirects after a renaming lead to."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.simulator.world import World

_PLACE = re.compile(r"(?P<api>/api/v3)/repositories/(?P<id>\d{1,15})(?P<below>/.*)?", re.DOTALL)


class ById:
    """ASGI middleware: `/repositories/7/pulls` is answered as `/repos/owner/name/pulls`."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app = app
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (found := _PLACE.fullmatch(scope["path"])):
            repository = self.world.tables.repositories.get(int(found["id"]))
            if repository is not None:
                full_name = self.world.full_name(repository)
                path = f"{found['api']}/repos/{full_name}{found['below'] or ''}"
                scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        await self.app(scope, receive, send)
