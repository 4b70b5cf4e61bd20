"""`POST /webhook`: signature, write, acknowledge. Raw ASGI: a framework would halve its speed."""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from bot.server.ingress.group_commit import GroupCommit, NotKept, Sink
from bot.server.ingress.records import Delivery

LARGEST = 25 * 1024 * 1024
"""Bytes of a payload, as GitHub caps it."""
MAX_HELD = 256 * 1024 * 1024
"""Bytes of bodies that are being received: whoever sends them has not shown a signature yet."""
PATIENCE = 10.0
"""Seconds for a body to come in; GitHub waits no longer for an answer."""
SLOW_TO_SIGN = 1024 * 1024
"""Bytes from which on the signature is computed beside the event loop."""
GUID = re.compile(rb"[0-9A-Za-z-]{1,64}\Z")
EVENT = re.compile(rb"[a-z_]{1,64}\Z")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Refusal(Exception):
    """Answered with `status`; 0 where nobody waits for an answer any more."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Ingress:
    """The ASGI application.

    401 for a wrong or missing signature, 400 for what is no delivery, 413 above 25 MB, 503 while
    it cannot be kept: GitHub lists those as failed, and the sweep asks for them again.
    """

    def __init__(self, sink: Callable[[], Sink], secret: bytes) -> None:
        self._sink, self._secret = sink, secret
        self._log: GroupCommit | None = None
        self._held = 0
        self.answers: Counter[int] = Counter()
        """Answers at `/webhook` by status."""
        self.failure = ""
        """Why it could not start."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["path"] == "/webhook":
                status = await self._webhook(scope, receive)
                self.answers[status] += 1
            else:
                status = 200 if scope["path"] == "/healthz" else 404
            if status:
                await _answer(send, status)

    @property
    def written(self) -> tuple[int, float]:
        """Batches so far, and the seconds that writing them took."""
        return (self._log.batches, self._log.seconds) if self._log is not None else (0, 0.0)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._log = GroupCommit(self._sink(), asyncio.get_running_loop())
        except NotKept as error:
            self.failure = str(error)
            await send({"type": "lifespan.startup.failed", "message": self.failure})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._log.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _webhook(self, scope: Message, receive: Receive) -> int:
        if scope["method"] != "POST":
            return 405
        headers = dict(scope["headers"])
        guid = headers.get(b"x-github-delivery", b"")
        event = headers.get(b"x-github-event", b"")
        if not GUID.match(guid) or not EVENT.match(event):
            return 400
        try:
            body = await self._body(headers.get(b"content-length", b""), receive)
        except Refusal as refusal:
            return refusal.status
        if not await self._signed(body, headers.get(b"x-hub-signature-256", b"")):
            return 401
        return await self._kept(Delivery(guid.decode(), event.decode(), body, time.time()))

    async def _body(self, declared: bytes, receive: Receive) -> bytes:
        """All of it; raises `Refusal`."""
        if len(declared) > 12 or (declared.isdigit() and int(declared) > LARGEST):
            raise Refusal(413)
        pieces: list[bytes] = []
        held = 0
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refusal(0)
                    pieces.append(message.get("body", b""))
                    held += len(pieces[-1])
                    self._held += len(pieces[-1])
                    if held > LARGEST:
                        raise Refusal(413)
                    if self._held > MAX_HELD:
                        raise Refusal(503)
                    if not message.get("more_body", False):
                        return b"".join(pieces)
        except TimeoutError:
            raise Refusal(408) from None
        finally:
            self._held -= held

    async def _signed(self, body: bytes, signature: bytes) -> bool:
        if len(body) > SLOW_TO_SIGN:
            digest = await asyncio.to_thread(hmac.digest, self._secret, body, "sha256")
        else:
            digest = hmac.digest(self._secret, body, "sha256")
        return hmac.compare_digest(b"sha256=" + digest.hex().encode(), signature)

    async def _kept(self, delivery: Delivery) -> int:
        assert self._log is not None, "the application was not started"
        try:
            await asyncio.shield(self._log.append(delivery))
        except NotKept:
            return 503
        return 202


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0")]
    with suppress(OSError):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
