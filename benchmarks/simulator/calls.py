"""Calls as fast as the server answers, over a few kept connections.

The client writes prepared bytes and reads by Content-Length: a full HTTP client would take more
of the machine's two cores than the server it measures.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

WITHIN = 60.0
"""Seconds that an answer may take."""


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    seconds: float
    location: str | None = None

    @property
    def data(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection to an API, kept alive."""

    def __init__(self, api: str, token: str) -> None:
        self._address = urlsplit(api)
        self._token = token

    async def __aenter__(self) -> Connection:
        host, port = self._address.hostname, self._address.port
        self._reader, self._writer = await asyncio.open_connection(host, port, limit=2**24)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def ask(self, asked: Asked) -> Answered:
        began = time.perf_counter()
        self._writer.write(self._bytes(asked))
        async with asyncio.timeout(WITHIN):
            head = await self._reader.readuntil(b"\r\n\r\n")
            headers = dict(_headers(head))
            if headers.get("transfer-encoding") == "chunked":
                body = await self._chunks()
            else:
                body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        took = time.perf_counter() - began
        return Answered(int(head[9:12]), body, took, headers.get("location"))

    async def _chunks(self) -> bytes:
        """A body whose length was not known when it began."""
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body

    def _bytes(self, asked: Asked) -> bytes:
        body = b"" if asked.body is None else json.dumps(asked.body).encode()
        lines = [
            f"{asked.method} {self._address.path}{asked.path} HTTP/1.1",
            f"host: {self._address.netloc}",
            *([f"authorization: Bearer {self._token}"] if self._token else []),
            "user-agent: benchmark",
            "content-type: application/json",
            f"content-length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, found, value = line.partition(":")
        if found:
            yield name.lower(), value.strip()


async def ask_all(
    api: str, token: str, calls: Sequence[Asked], connections: int = 4
) -> tuple[list[Answered], float]:
    """The answers, in the order of the calls, and how many came per second.

    Raises:
        RuntimeError: an answer was no success.
    """
    answers: list[Answered | None] = [None] * len(calls)
    queue = iter(enumerate(calls))

    async def work() -> None:
        async with Connection(api, token) as connection:
            for index, call in queue:
                answers[index] = await connection.ask(call)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    seconds = time.perf_counter() - began
    got = [a for a in answers if a is not None]
    bad = [(calls[i], a) for i, a in enumerate(got) if a.status >= 400]
    if bad:
        raise RuntimeError(f"{len(bad)} calls failed, e.g. {bad[0]}")
    return got, len(calls) / seconds
