"""The clients, in a process of their own: `python -m benchmarks.ingress.load JSON`.

Each connection sends one delivery after the other and waits for each answer. It prints how many
were acknowledged, in which time, and how long they took.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import cast

import uvloop

PAYLOAD = 12_000


def body() -> bytes:
    """A delivery of the usual size."""
    about = {
        "action": "labeled",
        "issue": {"number": 1, "body": ""},
        "label": {"name": "otp-refactor"},
        "repository": {"full_name": "acme/shop"},
        "installation": {"id": 1},
        "sender": {"login": "writer", "type": "User"},
    }
    missing = PAYLOAD - len(json.dumps(about))
    issue = {"number": 1, "body": "x" * missing}
    return json.dumps({**about, "issue": issue}).encode()


@dataclass
class Request:
    """One delivery, but for its GUID."""

    before: bytes
    after: bytes

    @classmethod
    def signed(cls, port: int, secret: str) -> Request:
        """As GitHub sends it."""
        data = body()
        signature = hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
        before = f"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-GitHub-Delivery: "
        after = (
            f"\r\nX-GitHub-Event: issues\r\nX-Hub-Signature-256: sha256={signature}\r\n"
            "User-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        return cls(before.encode(), after.encode() + data)


@dataclass
class Heard:
    """What came back, over all connections."""

    until: float
    most: int
    seconds: list[float] = field(default_factory=list)
    wrong: int = 0

    @property
    def over(self) -> bool:
        """Whether enough was sent."""
        return time.perf_counter() > self.until or len(self.seconds) >= self.most


class Connection(asyncio.Protocol):
    """One delivery after the other."""

    def __init__(self, request: Request, heard: Heard) -> None:
        self._request, self._heard = request, heard
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none by its class.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._whole():
            return
        self._heard.seconds.append(time.perf_counter() - self._sent)
        if not self._answer.startswith(b"HTTP/1.1 2"):
            self._heard.wrong += 1
        self._answer = b""
        if self._heard.over:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def _whole(self) -> bool:
        head, found, rest = self._answer.partition(b"\r\n\r\n")
        if not found:
            return False
        lines = head.lower().split(b"\r\n")
        length = next((int(x[15:]) for x in lines if x.startswith(b"content-length:")), None)
        return len(rest) >= length if length is not None else rest.endswith(b"0\r\n\r\n")

    def _send(self) -> None:
        guid = str(uuid.UUID(int=time.perf_counter_ns() << 32 | id(self) & 0xFFFFFFFF))
        self._sent = time.perf_counter()
        self._transport.write(b"".join((self._request.before, guid.encode(), self._request.after)))


async def send(port: int, secret: str, connections: int, seconds: float, most: int) -> Heard:
    """All of it."""
    heard = Heard(time.perf_counter() + seconds, most)
    request, loop = Request.signed(port, secret), asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(request, heard), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.wait_for(asyncio.gather(*(one.ended for _, one in made)), seconds + 15)
    return heard


def main(options: dict[str, int | float | str]) -> None:
    began = time.perf_counter()
    heard = uvloop.run(
        send(
            int(options["port"]),
            str(options["secret"]),
            int(options["connections"]),
            float(options["seconds"]),
            int(options["most"]),
        )
    )
    taken = time.perf_counter() - began
    ordered = sorted(heard.seconds)
    count = len(ordered)
    print(
        json.dumps(
            {
                "count": count,
                "wrong": heard.wrong,
                "seconds": taken,
                "p50": ordered[count // 2] if count else 0.0,
                "p99": ordered[min(count - 1, count * 99 // 100)] if count else 0.0,
            }
        )
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
