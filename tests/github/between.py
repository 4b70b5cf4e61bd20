"""A server between us and the local GitHub: it notes every call with the rights of its token.

It can also be another GitHub than the one behind it: an older one, that lacks something, or a plan
that refuses something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import httpx


@dataclass(frozen=True)
class Call:
    """One request as it came in."""

    method: str
    path: str
    token: str
    permissions: Mapping[str, str] | None
    """Of the token; None where there was none, or a JWT."""
    status: int
    body: str

    @property
    def what(self) -> str:
        """`GET /repos/acme/shop/issues`, without the query."""
        return f"{self.method} {urlsplit(self.path).path.removeprefix('/api/v3')}"


Answer = tuple[int, Any]
Instead = Callable[[str, str, str], Answer | None]
"""From method, path and body to the answer in place of GitHub's; None lets the call through."""


@dataclass
class Between:
    """`api` is what an App is given as its address."""

    upstream: str
    instead: Instead = lambda method, path, body: None
    rewrite: Callable[[str, bytes], bytes] = lambda path, body: body
    """From path and body to the body that GitHub gets."""
    amend: Callable[[str, bytes, bytes], bytes] = lambda path, asked, answer: answer
    """From path, body and GitHub's answer to the answer that is given in its place."""
    conditional: bool = True
    """Whether GitHub may answer that nothing has changed; it does not know of what is amended."""
    raw: bytes | None = None
    """Every answer's body, if it is given."""
    headers: dict[str, str] = field(default_factory=dict)
    """Put on every answer."""
    calls: list[Call] = field(default_factory=list)
    port: int = 0
    _granted: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.url}/api/v3"

    def clear(self) -> None:
        """Forget the calls, not the tokens."""
        with self._lock:
            self.calls.clear()

    def lack(self, pattern: str) -> None:
        """From now on no such path is known here."""
        self.answer(pattern, 404, {"message": "Not Found", "documentation_url": "d"})

    def answer(self, pattern: str, status: int, body: Any) -> None:
        """From now on what is asked so is answered so; the newest word counts.

        The pattern is looked for in `GET /api/v3/...`, without the query.
        """
        asked = re.compile(pattern)
        before = self.instead

        def instead(method: str, path: str, told: str) -> Answer | None:
            if asked.search(f"{method} {urlsplit(path).path}"):
                return status, body
            return before(method, path, told)

        self.instead = instead

    def note(self, method: str, path: str, token: str, body: str, status: int, text: bytes) -> None:
        if path.endswith("/access_tokens") and status == 201:
            made = json.loads(text)
            self._granted[made["token"]] = made["permissions"]
        with self._lock:
            self.calls.append(Call(method, path, token, self._granted.get(token), status, body))


@contextmanager
def between(upstream: str) -> Iterator[Between]:
    """One that listens, in front of the server at `upstream`."""
    there = Between(upstream)
    client = httpx.Client(timeout=60, follow_redirects=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            told = body.decode("utf-8", "replace")
            answer = there.instead(self.command, self.path, told)
            if answer is not None:
                status, told_back = answer
                plain = isinstance(told_back, bytes)
                headers: dict[str, str] = {}
                content = told_back if plain else json.dumps(told_back).encode()
                headers["content-type"] = "application/json"
            else:
                status, headers, content = self._asked(body)
                content = there.amend(self.path, body, content)
            content = content if there.raw is None else there.raw
            token = self.headers.get("authorization", "").partition(" ")[2]
            there.note(self.command, self.path, token, told, status, content)
            self.send_response(status)
            for name, value in {**headers, **there.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _asked(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            dropped = {"host", "connection", "content-length", "accept-encoding"}
            dropped |= set() if there.conditional else {"if-none-match"}
            headers = {n: v for n, v in self.headers.items() if n.lower() not in dropped}
            found = client.request(
                self.command,
                upstream + self.path,
                content=there.rewrite(self.path, body),
                headers=headers,
            )
            kept = {
                name: value.replace(upstream, there.url)
                for name, value in found.headers.items()
                if name not in ("content-length", "content-encoding", "transfer-encoding")
                and name not in ("connection", "date", "server")
            }
            return found.status_code, kept, found.content

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    there.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        client.close()
