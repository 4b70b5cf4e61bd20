"""`genesis doctor` on the webhook: what was answered there, as GitHub's log has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_doctor import doctor, found
from tests.github.hub import Hub, local_hub
from tests.github.waiting import until


class Listening(ThreadingHTTPServer):
    """A server that answers every delivery with `answer`."""

    answer = 202


class Answering(BaseHTTPRequestHandler):
    """Reads the delivery and answers."""

    server: Listening

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.server.answer)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests have one output."""


@contextmanager
def listening() -> Iterator[Listening]:
    server = Listening(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Listening]]:
    with listening() as server:
        url = f"http://127.0.0.1:{server.server_port}/webhook"
        with local_hub(tmp_path_factory.mktemp("hook"), "--webhook-url", url) as hub:
            yield hub, server


def delivered(hub: Hub, status: int) -> None:
    """Something happens, and the newest delivery has that outcome."""
    app = hub.app()
    seen = {d["id"] for d in app.pages("/app/hook/deliveries")}
    hub.hand("writer").post("/repos/acme/shop/issues", json={"title": "x"})

    def settled() -> bool:
        newest: Any = app.get("/app/hook/deliveries", per_page=1)
        return bool(newest) and newest[0]["id"] not in seen and newest[0]["status_code"] == status

    until(settled, f"a delivery with {status}")
    app.close()


def test_what_became_of_deliveries_is_told_with_what_mends_it(
    served: tuple[Hub, Listening],
) -> None:
    hub, server = served
    delivered(hub, 202)
    checks = found(doctor(hub, "acme/shop"))
    assert (checks["webhook"]["outcome"], checks["deliveries"]["outcome"]) == ("ok", "ok")
    for answer, said in (
        (401, "secret is another one"),
        (404, "ends with /webhook"),
        (503, "disk or database"),
        (500, "look at its log"),
    ):
        server.answer = answer
        delivered(hub, answer)
        check = found(doctor(hub, "acme/shop"))["deliveries"]
        assert (check["outcome"], said in check["fix"]) == ("failure", True), check
    server.answer = 202
    delivered(hub, 202)
    check = found(doctor(hub, "acme/shop"))["deliveries"]
    assert (check["outcome"], "later ones were taken" in check["says"]) == ("warning", True)


def test_a_server_that_is_gone_was_not_reached(tmp_path: Path) -> None:
    with listening() as server:
        url = f"http://127.0.0.1:{server.server_port}/webhook"
    with local_hub(tmp_path, "--webhook-url", url) as hub:
        app = hub.app()
        hub.hand("writer").post("/repos/acme/shop/issues", json={"title": "x"})
        until(lambda: bool(app.get("/app/hook/deliveries")), "a delivery was tried")
        app.close()
        check = found(doctor(hub, "acme/shop"))["deliveries"]
    assert (check["outcome"], "is the server up" in check["fix"]) == ("failure", True), check
