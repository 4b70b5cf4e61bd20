"""Receives webhooks as an App would: a real server, the HMAC checked over the raw bytes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.simulator.judges.exchanges import Delivery
from tests.simulator.judges.serving import served, until


class Receiver:
    """An ASGI app; `deliveries` grows as they come, `status` is what it answers.

    `secrets` are those of the hooks that send here; one is made known before its hook sends.
    """

    def __init__(self, *secrets: str, status: int = 202) -> None:
        self.secrets = list(secrets)
        self.status = status
        self.deliveries: list[Delivery] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        headers = dict(request.headers)
        signature = headers.get("x-hub-signature-256", "")
        genuine = any(is_genuine(secret, signature, body) for secret in self.secrets)
        self.deliveries.append(Delivery(headers, body, genuine))
        await Response(status_code=self.status)(scope, receive, send)

    def of(self, event: str, action: str | None = None) -> list[Delivery]:
        """Those of this kind; any action if none is named."""
        return [
            each
            for each in list(self.deliveries)
            if each.event == event and action in (None, each.action)
        ]

    def wait_for(
        self,
        event: str,
        action: str | None = None,
        matching: Callable[[Delivery], bool] = lambda _: True,
        seconds: float = 60.0,
    ) -> Delivery:
        """The first that matches, also if it is there already; raises NeverHappened."""
        found: list[Delivery] = []

        def came() -> bool:
            found[:] = [each for each in self.of(event, action) if matching(each)]
            return bool(found)

        until(came, f"a delivery {event}/{action or '*'}", seconds)
        return found[0]


def is_genuine(secret: str, signature: str, body: bytes) -> bool:
    """Whether the header `X-Hub-Signature-256` is that of these bytes."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


@contextmanager
def receiving(*secrets: str, status: int = 202) -> Iterator[tuple[str, Receiver]]:
    """The address to send webhooks to, and what receives them."""
    receiver = Receiver(*secrets, status=status)
    with served(receiver) as address:
        yield address, receiver
