"""Faults between GitHub and the caller: slow answers, 5xx, connections that end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.simulator.errors import ApiError
from bot.simulator.faults.drawing import Faults
from bot.simulator.faults.plan import Fault
from bot.simulator.faults.refusals import meets
from bot.simulator.surface import path_in, surface_of

CUT = "simulator.cut"
"""The ASGI extension by which the server ends a connection at once."""


class ConnectionCut(ConnectionError):
    """Raised where the server gives no way to end the connection."""


class FaultyProxy:
    """ASGI middleware; what it breaks, the application may have done nevertheless."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        surface = None if scope["type"] != "http" else surface_of(scope["path"])
        if surface is None or not self.faults.has("slow", "error", "cut"):
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], path_in(scope["path"])
        agent = Headers(scope=scope).get("user-agent", "")

        def matches(fault: Fault) -> bool:
            return fault.target in ("all", surface) and meets(fault, method, path, agent)

        ending = await self._wait(matches, f"{method} {path}")
        if ending is None:
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["fault"] = f"{ending.kind} {ending.when}"
        if ending.when == "after":
            await self.app(scope, receive, _unheard)
        await _end(ending, scope, receive, send)

    async def _wait(self, matches: Callable[[Fault], bool], subject: str) -> Fault | None:
        """How the call is to end, having waited as long as it is to be slow."""
        ending = None
        for fault in self.faults.draw(("slow", "error", "cut"), matches, subject):
            if fault.kind == "slow":
                await asyncio.sleep(fault.duration)
            else:
                ending = ending or fault
        return ending


async def _unheard(message: Message) -> None:
    """The answer gets lost."""


async def _end(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.kind == "error":
        answer = ApiError(fault.status, "Server Error")
        body = to_json(answer.body())
        await Response(body, fault.status, media_type="application/json")(scope, receive, send)
        return
    cut = scope.get("extensions", {}).get(CUT)
    if cut is None:
        raise ConnectionCut("the connection was cut by a fault")
    cut["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass
