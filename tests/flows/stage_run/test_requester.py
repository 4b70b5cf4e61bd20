"""Who asked, as commits name them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.flows.stage_run.requester import co_author

PEOPLE: dict[str, bytes] = {
    "/users/alice": json.dumps({"id": 42}).encode(),
    "/users/odd": b"[]",
    "/users/text": b'{"id": "1> x"}',
    "/users/broken": b"{",
}


class People(BaseHTTPRequestHandler):
    """Knows some people."""

    def do_GET(self) -> None:
        known = PEOPLE.get(self.path)
        allowed = self.headers["authorization"] == "Bearer t0ken"
        self.send_response(200 if known and allowed else 404)
        self.end_headers()
        self.wfile.write(known or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), People) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_id_makes_the_address_certain(api: str) -> None:
    assert co_author("alice", api, "t0ken") == "alice <42+alice@users.noreply.github.com>"


@pytest.mark.parametrize("login", ["nobody", "odd", "text", "broken"])
def test_without_an_id_the_name_is_enough(api: str, login: str) -> None:
    assert co_author(login, api, "t0ken") == f"{login} <{login}@users.noreply.github.com>"


@pytest.mark.parametrize("api", ["http://127.0.0.1:9", "file:///etc/passwd?", "", "nonsense"])
def test_no_server_is_no_failure(api: str) -> None:
    assert co_author("alice", api, "") == "alice <alice@users.noreply.github.com>"


@pytest.mark.parametrize("login", ["", "a b", "a\nSigned-off-by: x", "a>", "-a", "../a", "x" * 200])
def test_what_is_no_login_is_nobody(login: str) -> None:
    assert co_author(login, "http://127.0.0.1:9", "") == ""
