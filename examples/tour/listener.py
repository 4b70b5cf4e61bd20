"""The bot's end of the webhooks: an HTTP server that keeps what it hears, and fails once."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Heard:
    event: str
    action: str
    guid: str
    signature: str
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """Deliveries come many at once."""


class Listener:
    """Answers its first `issues` delivery with 503, as a bot that is just being started would."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._failing = iter([503])  # taken by one thread only, however many ask at once
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def heard_of(self, event: str) -> list[str]:
        return [h.action for h in self.heard if h.event == event]

    def times(self, guid: str) -> int:
        return sum(h.guid == guid for h in self.heard)

    def summary(self) -> str:
        counts = Counter(f"{h.event}/{h.action}".rstrip("/") for h in self.heard)
        return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))

    def wrongly_signed(self, secret: str) -> int:
        """How many bodies the signature does not fit."""
        return sum(
            not hmac.compare_digest(
                "sha256=" + hmac.new(secret.encode(), h.body, hashlib.sha256).hexdigest(),
                h.signature,
            )
            for h in self.heard
        )

    def _status(self, event: str) -> int:
        return next(self._failing, 202) if event == "issues" else 202

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # cut off: the simulator was stopped
                event = self.headers["x-github-event"]
                listener.heard.append(
                    Heard(
                        event,
                        json.loads(body).get("action") or "",
                        self.headers["x-github-delivery"],
                        self.headers["x-hub-signature-256"] or "",
                        body,
                    )
                )
                self.send_response(listener._status(event))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler
