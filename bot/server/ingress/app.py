"""`POST /webhook`: signature, write, acknowledge. Raw ASGI: a framework would halve its speed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from bot.server.ingress.group_log import Full, GroupLog
from bot.server.ingress.records import Delivery, encode

LARGEST = 25 * 1024 * 1024
"""Bytes of a payload, as GitHub caps it."""
GUID = re.compile(rb"[0-9A-Za-z-]{1,64}\Z")
EVENT = re.compile(rb"[a-z_]{1,64}\Z")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Ingress:
    """The ASGI application.

    401 for a wrong or missing signature, 400 for what is no delivery, 413 above 25 MB, 503 while
    the disk does not take it: GitHub lists those as failed, and the sweep asks for them again.
    """

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder, self._secret = folder, secret
        self._log: GroupLog | None = None
        self.accepted = 0
        self.refused = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status = await self._answer(scope, receive)
        if status == 202:
            self.accepted += 1
        elif status >= 400:
            self.refused += 1
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._log = GroupLog(self._folder, asyncio.get_running_loop())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._log is not None:
                    await asyncio.to_thread(self._log.close)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Message, receive: Receive) -> int:
        if scope["path"] == "/healthz":
            return 200
        if scope["path"] != "/webhook":
            return 404
        if scope["method"] != "POST":
            return 405
        headers = dict(scope["headers"])
        guid = headers.get(b"x-github-delivery", b"")
        event = headers.get(b"x-github-event", b"")
        if not GUID.match(guid) or not EVENT.match(event):
            return 400
        body = await _body(headers, receive)
        if body is None:
            return 413
        if not self._signed(body, headers.get(b"x-hub-signature-256", b"")):
            return 401
        return await self._kept(Delivery(guid.decode(), event.decode(), body))

    def _signed(self, body: bytes, signature: bytes) -> bool:
        expected = b"sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest().encode()
        return hmac.compare_digest(expected, signature)

    async def _kept(self, delivery: Delivery) -> int:
        assert self._log is not None, "the application was not started"
        try:
            await asyncio.shield(self._log.append(encode(delivery)))
        except (Full, OSError):
            return 503
        return 202


async def _body(headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
    """The whole body, None when it is larger than GitHub's."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > LARGEST:
        return None
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        piece = message.get("body", b"")
        size += len(piece)
        if size > LARGEST:
            return None
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces) if len(pieces) > 1 else piece
