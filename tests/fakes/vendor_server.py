"""A vendor of models on 127.0.0.1: real HTTP, scripted answers, everything it was sent kept.

A script says what the n-th request for an answer gets. Subclasses speak one vendor's format and
refuse what that vendor refuses, so a client is not tested by a server that takes anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Body = dict[str, Any]

LONGEST_STALL = 30.0


@dataclass(frozen=True)
class Tokens:
    """What an answer is said to have used; None leaves it to the server to count."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_written: int | None = None
    thinking: int = 0


@dataclass(frozen=True)
class Call:
    """A tool call; `raw` is sent as its arguments instead, whatever it is."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None


@dataclass(frozen=True)
class Say:
    """An answer: thinking, text and calls, as far as given, in this order."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    thinking: str = ""
    stop: str = ""
    """The vendor's own word for why it ended; empty for the usual one."""
    why: str = ""
    """What the vendor adds about the end, such as the reason of a refusal."""
    tokens: Tokens = field(default_factory=Tokens)
    pieces: int = 4
    """Text and arguments arrive in about as many events."""
    pings: int = 1
    ids: bool = True
    """Whether calls have ids; Gemini's do not always."""


def SayJson(data: Any, **more: Any) -> Say:
    """An answer that is the JSON of `data`."""
    return Say(json.dumps(data), **more)


def CallTool(
    name: str, arguments: Mapping[str, Any] | None = None, *, raw: str | None = None, **more: Any
) -> Say:
    """An answer that calls one tool."""
    return Say(calls=(Call(name, arguments or {}, raw),), **more)


@dataclass(frozen=True)
class Fail:
    """An HTTP error in the vendor's form; an empty message takes the vendor's usual one."""

    status: int
    message: str = ""
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    """Sent instead of the vendor's form."""
    details: tuple[Mapping[str, Any], ...] = ()
    """Of an error in Google's form."""


@dataclass(frozen=True)
class FailLate:
    """An error in the middle of an answer that began well."""

    kind: str
    message: str = ""
    after: Say = field(default_factory=lambda: Say("half an ans"))


@dataclass(frozen=True)
class Cut:
    """The connection breaks in the middle of an event; with `cleanly`, it ends between two."""

    after: Say = field(default_factory=lambda: Say("half an answer and more"))
    cleanly: bool = False


@dataclass(frozen=True)
class Stall:
    """Nothing more is sent, at once or after some events, until the client goes away."""

    events: int = 0


@dataclass(frozen=True)
class Drip:
    """Empty signs of life and never an answer, until the client goes away."""


@dataclass(frozen=True)
class Raw:
    """These bytes as the body of a 200."""

    body: bytes
    content_type: str = "text/event-stream"


Answer = Say | Fail | FailLate | Cut | Stall | Drip | Raw
Line = Answer | Callable[[Body], Answer]
Script = Iterable[Line] | Callable[[Body], Answer]


class Refusal(Exception):
    """The vendor does not take this request."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.fail = Fail(status, message)


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Body


class VendorServer(ABC):
    """Serves a script; a context manager. `requests` holds those for an answer, `all` each one."""

    def __init__(self, script: Script = (), *, models: Iterable[str] = ()) -> None:
        self._script = script if callable(script) else iter(script)
        self.models = tuple(models)
        self.all: list[Received] = []
        self.requests: list[Received] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def bodies(self) -> list[Body]:
        """What was sent with each request for an answer."""
        return [request.body for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next_answer(self, request: Received) -> Answer:
        """What the script says to this request; a refused one uses up no line."""
        with self._lock:
            self.requests.append(request)
            if callable(self._script):
                return self._script(request.body)
            line = next(self._script, None)
        if line is None:
            return Fail(400, "the script of the test is over")
        return line(request.body) if callable(line) else line

    @abstractmethod
    def serve(self, request: Received, reply: Reply) -> None:
        """Answer one request; a `Refusal` is answered for it."""

    @abstractmethod
    def error(self, fail: Fail) -> Body:
        """The vendor's form of an error."""

    def wait_for_the_end(self, connection: socket.socket) -> None:
        """Return when the client or this server goes away."""
        connection.settimeout(0.02)
        for _ in range(int(LONGEST_STALL / 0.02)):
            if self._closing.is_set():
                return
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    return


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what half the tests are about; the rest must be seen."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Reply:
    """The way back to the client."""

    def __init__(self, handler: BaseHTTPRequestHandler, server: VendorServer) -> None:
        self._handler = handler
        self._server = server

    def json(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """A whole response."""
        text = data if isinstance(data, str) else json.dumps(data)
        self.whole(text.encode(), "application/json", status, headers)

    def whole(
        self,
        body: bytes,
        content_type: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """A response with a length."""
        self._head(status, {"content-type": content_type, **(headers or {})})
        self._handler.send_header("content-length", str(len(body)))
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def fail(self, fail: Fail) -> None:
        """An error response."""
        body = self._server.error(fail) if fail.body is None else fail.body
        self.json(body, fail.status, fail.headers)

    def stream(self, events: Iterable[bytes]) -> None:
        """A response of events, each sent as it is made."""
        self.begin_stream()
        for event in events:
            self.event(event)
        self._handler.wfile.write(b"0\r\n\r\n")

    def begin_stream(self) -> None:
        """The head of a response of events."""
        self._head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        self._handler.end_headers()

    def event(self, event: bytes) -> None:
        """One chunk."""
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
        self._handler.wfile.flush()

    def cut(self, event: bytes) -> None:
        """Half a chunk, and nothing after it."""
        self._handler.wfile.write(b"%x\r\n%s" % (len(event), event[: len(event) // 2]))
        self._handler.wfile.flush()

    def stall(self) -> None:
        """Keep the connection open and silent."""
        self._server.wait_for_the_end(self._handler.connection)

    def drip(self, event: bytes) -> None:
        """Send the same event again and again."""
        with contextlib.suppress(OSError):
            while not self._server._closing.wait(0.01):
                self.event(event)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.send_header("connection", "close")
        self._handler.close_connection = True


def _handler(server: VendorServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5.0

        def _serve(self) -> None:
            length = int(self.headers.get("content-length", 0))
            text = self.rfile.read(length)
            reply = Reply(self, server)
            try:
                body = json.loads(text or b"{}")
            except ValueError:
                reply.fail(Fail(400, "the body is no JSON"))
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(self.command, self.path, headers, body)
            server.all.append(request)
            try:
                server.serve(request, reply)
            except Refusal as refusal:
                reply.fail(refusal.fail)

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to standard error."""

    return Handler


def signature(*parts: str) -> str:
    """What this server signs its thinking with; it knows its own signatures again."""
    return hashlib.sha256("\0".join(("signed", *parts)).encode()).hexdigest()


def split(text: str, pieces: int) -> Iterator[str]:
    """The text in about as many pieces."""
    size = max(1, -(-len(text) // max(pieces, 1)))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def tokens_of(data: Any) -> int:
    """How many tokens the server counts for something."""
    return (len(json.dumps(data, sort_keys=True)) + 3) // 4
