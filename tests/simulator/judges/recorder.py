"""Stands between a client and the server under judgement, and writes down what passes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.simulator.judges.exchanges import Exchange
from tests.simulator.judges.serving import served

GIT = re.compile(r"/[^/]+/[^/]+/(info/refs|git-upload-pack|git-receive-pack)")
"""Git's own protocol: git judges it. It is streamed through unrecorded, both ways."""
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}
PATIENCE = httpx.Timeout(60.0)


class Recorder:
    """A reverse proxy as an ASGI app; `exchanges` grows in the order in which answers came.

    Host is passed on as the client sent it, so that a server which builds its links from it
    keeps clients here.
    """

    def __init__(self, upstream: str, log: Path | None = None) -> None:
        self.upstream = upstream.rstrip("/")
        self.log = log
        self.exchanges: list[Exchange] = []
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            # Made here: a client belongs to the event loop of the thread that serves.
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as self._client:
                await _wait_for_shutdown(receive, send)
            return
        assert self._client is not None
        request = Request(scope, receive)
        forward = self._stream if GIT.fullmatch(request.url.path) else self._record
        try:
            response = await forward(self._client, request)
        except httpx.TransportError as error:
            # No exchange came about, so none is recorded; no server of GitHub's answers so.
            response = Response(f"the judged server gave no answer: {error!r}", 502)
        await response(scope, receive, send)

    async def _stream(self, client: httpx.AsyncClient, request: Request) -> Response:
        upstream = await client.send(self._request(client, request, request.stream()), stream=True)
        return StreamingResponse(
            _closing(upstream), upstream.status_code, dict(_passed_on(upstream.headers))
        )

    async def _record(self, client: httpx.AsyncClient, request: Request) -> Response:
        body = await request.body()
        answer = await client.send(self._request(client, request, body), stream=True)
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
        await answer.aclose()
        decoded = httpx.Response(answer.status_code, headers=answer.headers, content=raw)
        self._write(
            Exchange(
                method=request.method,
                target=_target(request).decode("latin-1"),
                status=answer.status_code,
                request_headers=dict(request.headers),
                request_body=body,
                response_headers=dict(answer.headers),
                response_body=decoded.content,
            )
        )
        response = Response(raw, answer.status_code)
        # As they came, Content-Length of an answer to HEAD and repeated headers included.
        response.raw_headers = [
            (name, value)
            for name, value in answer.headers.raw
            if name.decode().lower() not in HOP_BY_HOP
        ]
        return response

    def _request(
        self, client: httpx.AsyncClient, request: Request, body: bytes | AsyncIterator[bytes]
    ) -> httpx.Request:
        url = httpx.URL(self.upstream).copy_with(raw_path=_target(request))
        headers = [
            (name, value)
            for name, value in request.headers.raw
            if name.decode("latin-1") not in HOP_BY_HOP
        ]
        if isinstance(body, bytes):
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        return client.build_request(request.method, url, headers=headers, content=body)

    def _write(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as lines:
                lines.write(exchange.to_line() + "\n")


def read_log(path: Path) -> Iterator[Exchange]:
    """The exchanges that a recorder wrote."""
    with path.open(encoding="utf-8") as lines:
        yield from map(Exchange.from_line, lines)


@contextmanager
def recording(upstream: str, log: Path | None = None) -> Iterator[tuple[str, Recorder]]:
    """The address at which `upstream` is reached through a recorder, and the recorder."""
    recorder = Recorder(upstream, log)
    with served(recorder) as address:
        yield address, recorder


def _target(request: Request) -> bytes:
    """Path and query with the bytes that the client sent."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    return path + (b"?" + query if query else b"")


def _passed_on(headers: httpx.Headers) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in headers.items() if name not in HOP_BY_HOP)


async def _wait_for_shutdown(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _closing(upstream: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in upstream.aiter_raw():
            yield chunk
    finally:
        await upstream.aclose()
