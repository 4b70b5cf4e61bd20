"""Records every call of the API and of git as it passes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.simulator.clock import stamp
from bot.simulator.exchanges.log import READS, Exchange
from bot.simulator.exchanges.masking import masked
from bot.simulator.gatekeeper import Pusher
from bot.simulator.git import NULL_SHA, Admission, RefChange
from bot.simulator.identity.caller import Caller
from bot.simulator.surface import surface_of
from bot.simulator.world import World

KEPT_OF_REQUEST = 96 * 1024
KEPT_OF_ANSWER = 16 * 1024
KEPT_OF_READ = 4 * 1024
"""Of the answer to a call that only looked."""
KEPT_OF_PATH = 2_000
MOST_REFS = 200
TEXT = (b"application/json", b"text/", b"application/vnd.github")


class Recorder:
    """ASGI middleware. Bodies of git are packs and not kept, nor is what is no text."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app = app
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        surface = None if scope["type"] != "http" else surface_of(scope["path"])
        if surface is None:
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        most = KEPT_OF_READ if scope["method"] in READS else KEPT_OF_ANSWER
        kept = _Kept(bodies=surface == "api", most=most)
        began = time.perf_counter()
        try:
            await self.app(scope, kept.receiving(receive), kept.sending(send))
        finally:
            took = (time.perf_counter() - began) * 1000
            self.world.exchanges.add(self._exchange(scope, kept, round(took, 2)))

    def _exchange(self, scope: Scope, kept: _Kept, milliseconds: float) -> Exchange:
        state: dict[str, Any] = scope["state"]
        caller = _caller(state)
        actor = None if caller is None else caller.actor
        query = scope.get("query_string", b"").decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        return Exchange(
            number=self.world.exchanges.next_number(),
            at=stamp(self.world.clock.now()),
            method=scope["method"],
            path=masked(path[:KEPT_OF_PATH]),
            status=kept.status,
            milliseconds=milliseconds,
            actor=None if actor is None else actor.login,
            request=masked(_moved(state) or kept.request.decode("utf-8", "replace")),
            response=masked(kept.response.decode("utf-8", "replace")),
            fault=state.get("fault"),
        )


def _caller(state: Mapping[str, Any]) -> Caller | None:
    """As the API found out, or git's gate."""
    admission: Admission | None = state.get("admission")
    if admission is not None and isinstance(admission.actor, Pusher):
        return admission.actor.caller
    caller: Caller | None = state.get("caller")
    return caller


def _moved(state: Mapping[str, Any]) -> str:
    """The refs that a push moved, in the place of its pack."""
    changes: Sequence[RefChange] = state.get("ref_changes", ())
    return "\n".join(
        f"{change.name}: {change.old or NULL_SHA} -> {change.new or NULL_SHA}"
        for change in changes[:MOST_REFS]
    )


class _Kept:
    """What is kept of one exchange while it passes."""

    def __init__(self, bodies: bool, most: int) -> None:
        self.status = 0
        self.request = bytearray()
        self.response = bytearray()
        self._bodies = bodies
        self._most = most
        self._text = False

    def receiving(self, receive: Receive) -> Receive:
        async def received() -> Message:
            message = await receive()
            if self._bodies and message["type"] == "http.request":
                room = KEPT_OF_REQUEST - len(self.request)
                self.request += message.get("body", b"")[: max(0, room)]
            return message

        return received

    def sending(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                kind = dict(message.get("headers", ())).get(b"content-type", b"")
                self._text = self._bodies and kind.startswith(TEXT)
            elif self._text and message["type"] == "http.response.body":
                room = self._most - len(self.response)
                self.response += message.get("body", b"")[: max(0, room)]
            await send(message)

        return sent
