"""The recorder changes nothing that passes, and writes it all down but git's own protocol."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.simulator.judges.exchanges import Exchange
from tests.simulator.judges.recorder import Recorder, read_log, recording
from tests.simulator.judges.serving import served

PACKED = gzip.compress(b'{"packed": true}', mtime=0)


async def echo(request: Request) -> Response:
    body = await request.body()
    target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
    headers = {"x-host": request.headers["host"], "x-target": target.decode("latin-1")}
    return Response(request.method.encode() + b" " + body, 299, headers)


async def packed(_: Request) -> Response:
    return Response(PACKED, headers={"content-encoding": "gzip"})


async def streamed(request: Request) -> Response:
    """In chunks of a megabyte. Read first: Starlette listens for a disconnect while it streams."""
    body = await request.body()
    return StreamingResponse(iter([body[at : at + 2**20] for at in range(0, len(body), 2**20)]))


METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
UPSTREAM = Starlette(
    routes=[
        Route("/packed", packed),
        Route("/o/r.git/git-upload-pack", streamed, methods=["POST"]),
        Route("/{rest:path}", echo, methods=METHODS),
    ]
)


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Recorder]]:
    log = tmp_path_factory.mktemp("log") / "exchanges.jsonl"
    with (
        served(UPSTREAM) as upstream,
        recording(upstream, log) as (address, recorder),
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        yield client, recorder


@pytest.mark.parametrize("method", METHODS)
def test_an_exchange_passes_unchanged_and_is_written(
    through: tuple[httpx.Client, Recorder], method: str
) -> None:
    client, recorder = through
    answer = client.request(method, "/a%2Fb/ü?q=%20+&q=2", content=b"sent", headers={"X-A": "1"})
    assert answer.status_code == 299
    assert answer.headers["x-target"] == "/a%2Fb/%C3%BC?q=%20+&q=2"
    written = recorder.exchanges[-1]
    assert (written.method, written.target) == (method, "/a%2Fb/%C3%BC?q=%20+&q=2")
    assert written.request_body == b"sent"
    assert written.request_headers["x-a"] == "1"
    assert (written.status, written.response_body) == (299, answer.content)
    assert answer.content == (b"" if method == "HEAD" else method.encode() + b" sent")


def test_the_server_sees_the_host_that_the_client_named(
    through: tuple[httpx.Client, Recorder],
) -> None:
    client, _ = through
    host = f"{client.base_url.host}:{client.base_url.port}"
    assert client.get("/x").headers["x-host"] == host


def test_a_packed_answer_is_passed_on_packed_and_written_unpacked(
    through: tuple[httpx.Client, Recorder],
) -> None:
    client, recorder = through
    with client.stream("GET", "/packed") as answer:
        raw = b"".join(answer.iter_raw())
    assert raw == PACKED
    assert recorder.exchanges[-1].response_json() == {"packed": True}


def test_git_passes_unrecorded(through: tuple[httpx.Client, Recorder]) -> None:
    client, recorder = through
    before = len(recorder.exchanges)
    sent = bytes(range(256)) * 10_000
    assert client.post("/o/r.git/git-upload-pack", content=iter([sent])).content == sent
    assert len(recorder.exchanges) == before


def test_the_log_gives_back_what_was_recorded(through: tuple[httpx.Client, Recorder]) -> None:
    client, recorder = through
    client.post("/logged", content=b"\x00\xff")
    assert recorder.log is not None
    assert list(read_log(recorder.log)) == recorder.exchanges


def test_a_server_that_gives_no_answer_is_told_apart(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with recording(f"http://127.0.0.1:{port}") as (address, recorder):
        answer = httpx.get(f"{address}/x", trust_env=False)
    assert answer.status_code == 502
    assert "gave no answer" in answer.text
    assert recorder.exchanges == []


@given(st.binary(), st.binary(), st.text(st.characters(codec="latin-1")))
def test_any_exchange_survives_the_log(sent: bytes, got: bytes, header: str) -> None:
    exchange = Exchange("POST", "/x?y", 200, {"a": header}, sent, {"b": header}, got)
    assert Exchange.from_line(exchange.to_line()) == exchange
