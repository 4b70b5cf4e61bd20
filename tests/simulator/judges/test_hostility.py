"""Whatever is sent, the answer is GitHub-like, never a 500, and the simulator lives on."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.simulator.judges.peers import Simulator, running_simulator
from tests.simulator.support import make_source

ISSUES = "/api/v3/repos/acme/shop/issues"
REFUSED_BYTES = "WARNING:  Invalid HTTP request received."
"""All that the HTTP server says of what is no HTTP."""
DEEP = 100_000
BODIES = {
    "broken": b'{"title": "x"',
    "not JSON": b"title=x",
    "not UTF-8": b'{"title": "\xff\xfe"}',
    "NUL": b'{"title": "a\\u0000b", "body": "\\u0000"}',
    "raw NUL": b'{"title": "a\x00b"}',
    "lone surrogate": b'{"title": "\\ud800", "body": "\\udfff"}',
    "NaN": b'{"title": NaN}',
    "infinity": b'{"title": 1e999, "milestone": 1e999}',
    "endless number": b'{"milestone": ' + b"9" * 20_000 + b', "title": "x"}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep inside": b'{"title": "x", "labels": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "list": b"[1, 2]",
    "string": b'"x"',
    "number": b"7",
    "null": b"null",
    "true": b"true",
    "wrong types": b'{"title": {"a": 1}, "labels": {"b": 2}, "assignees": 3, "body": [4]}',
    "nulls": b'{"title": null, "name": null, "sha": null, "ref": null, "body": null}',
    "long": b'{"title": "' + b"x" * 3_000_000 + b'"}',
    "twice": b'{"title": "a", "title": {}}',
    "huge key": b'{"' + b"k" * 1_000_000 + b'": 1}',
    "nothing": b"",
    "odd strings": '{"title": "\u202e\ufeff\u2028", "name": "../..", "ref": "-x"}'.encode(),
}
PARAMETERS = (
    "%00",
    "..",
    "%2E%2E",
    "..%2F..%2Fetc%2Fpasswd",
    "%FF%FE",
    "-1",
    "0",
    "99999999999999999999999",
    "1e3",
    "%EF%BC%91",
    "--upload-pack=x",
    "a" * 4_000,
    "%0A%0D",
    "main...main",
    "HEAD~1",
    "@%7B-1%7D",
    "*",
)
UNSAFE_TO_CALL = re.compile(r"/_simulator/(clock|faults|limits)|/stop")
"""Switches that are meant to make the simulator misbehave."""


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    source = make_source(tmp_path_factory.mktemp("source") / "shop")
    with running_simulator(tmp_path_factory.mktemp("simulator"), {"shop": source}) as running:
        yield running


@pytest.fixture(scope="module")
def http(simulator: Simulator) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {simulator.tokens['admin']}", "user-agent": "hostile"}
    with httpx.Client(trust_env=False, timeout=60, headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
def routes(simulator: Simulator, http: httpx.Client) -> list[tuple[str, str]]:
    """(method, template) of all that the simulator serves."""
    paths = http.get(f"{simulator.url}/_simulator/openapi.json").json()["paths"]
    return [
        (method.upper(), template)
        for template, methods in paths.items()
        for method in methods
        if not UNSAFE_TO_CALL.search(template)
    ]


@pytest.fixture(autouse=True)
def _lives_on(simulator: Simulator, http: httpx.Client) -> Iterator[None]:
    """After each attack: the process is there, its state is usable, nothing blew up inside."""
    yield
    assert simulator.alive()
    made = http.post(simulator.url + ISSUES, json={"title": "Still here"})
    assert made.status_code == 201, made.text
    assert http.get(made.json()["url"]).json()["title"] == "Still here"
    assert set(simulator.stderr().splitlines()) <= {REFUSED_BYTES}


def target(template: str, parameter: str = "1") -> str:
    """The path with everything filled in, the repository with the one that is there."""
    path = template.replace("{owner}/{repo}", "acme/shop")
    return re.sub(r"\{[^}]+\}", lambda _: parameter, path)


def complaints(response: httpx.Response, path: str = "") -> list[str]:
    """What is wrong with this answer to a hostile call."""
    wrong = []
    if response.status_code >= 500:
        wrong.append(f"{response.status_code} {response.text[:200]}")
    kind = response.headers.get("content-type", "")
    if (path or response.url.path).startswith("/api/v3/") and 400 <= response.status_code < 500:
        if not kind.startswith("application/json"):
            wrong.append(f"{response.status_code} in {kind!r}")
        elif not isinstance(response.json().get("message"), str):
            wrong.append(f"{response.status_code} without a message: {response.text[:200]}")
    return wrong


@pytest.mark.parametrize("name", BODIES)
def test_no_body_breaks_a_route(
    simulator: Simulator, http: httpx.Client, routes: list[tuple[str, str]], name: str
) -> None:
    wrong = []
    for method, template in routes:
        if method == "GET" or is_the_repository_itself(method, template):
            continue
        response = http.request(method, simulator.url + target(template), content=BODIES[name])
        wrong += [f"{method} {template}: {each}" for each in complaints(response)]
    assert wrong == []


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p[:12])
def test_no_path_breaks_a_route(
    simulator: Simulator, http: httpx.Client, routes: list[tuple[str, str]], parameter: str
) -> None:
    wrong = []
    for method, template in routes:
        elsewhere = re.sub(r"\{[^}]+\}", parameter, template)
        here = target(template, parameter)
        for path in {elsewhere, elsewhere if is_the_repository_itself(method, template) else here}:
            # As it is: an address would be tidied first.
            raw = {"target": path.encode()}
            response = http.request(method, simulator.url, content=b"{}", extensions=raw)
            wrong += [f"{method} {path[:80]}: {each}" for each in complaints(response, path)]
    assert wrong == []


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=99999999999999999999",
        "per_page=0",
        "per_page=x&page=%00",
        "state=%ff&sort=%00&direction=sideways&since=yesterday&labels=%00,",
        "q=%00&ref=--all&sha=..&path=../..&head=:&base=%0a&cursor=%ff",
        "a=" + "b" * 5_000,
        "&&==&%",
    ],
    ids=lambda q: q[:20],
)
def test_no_query_breaks_a_route(
    simulator: Simulator, http: httpx.Client, routes: list[tuple[str, str]], query: str
) -> None:
    wrong = []
    for method, template in routes:
        if method != "GET":
            continue
        response = http.get(f"{simulator.url}{target(template)}?{query}")
        wrong += [f"{template}: {each}" for each in complaints(response)]
    assert wrong == []


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer x",
        "Bearer " + "x" * 5_000,
        "bearer a.b.c",
        "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiIxIn0.",
        "token \xff\xfe",
        "Basic !!!",
        "Basic " + "QQ" * 500,
        "Negotiate x",
        "Bearer ghs_1_2.3.4",
    ],
    ids=lambda a: a[:20],
)
def test_no_credentials_break_a_route(
    simulator: Simulator, http: httpx.Client, routes: list[tuple[str, str]], authorization: str
) -> None:
    wrong = []
    for method, template in routes:
        if is_the_repository_itself(method, template):
            continue
        headers = {b"authorization": authorization.encode("latin-1")}
        response = http.request(
            method, simulator.url + target(template), content=b"{}", headers=headers
        )
        wrong += [f"{method} {template}: {each}" for each in complaints(response)]
        if response.is_success and method != "GET" and "/_simulator" not in template:
            wrong.append(f"{method} {template}: {response.status_code} with {authorization[:20]!r}")
    assert wrong == []


def is_the_repository_itself(method: str, template: str) -> bool:
    """Whether the call would remove or rename what all other calls need."""
    return method in ("DELETE", "PATCH") and template.endswith("/repos/{owner}/{repo}")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /api/v3/ HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"b" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
        b"POST /api/v3/user HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v3/user HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc",
        b"POST /api/v3/user HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"TRACE /api/v3/user HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"PROPFIND /api/v3/user HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET http://evil.example/api/v3/user HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /acme/shop.git/info/refs?service=git-evil HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET //api//v3//user HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda raw: raw[:24].decode("latin-1").strip(),
)
def test_no_bytes_on_the_wire_break_it(simulator: Simulator, raw: bytes) -> None:
    address = urlsplit(simulator.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as peer:
        peer.sendall(raw)
        peer.shutdown(socket.SHUT_WR)
        first = answered(peer).split(b"\r\n")[0]
    assert not re.match(rb"HTTP/1\.1 5\d\d", first)


def answered(peer: socket.socket) -> bytes:
    """All that is sent back; the other side may also just hang up."""
    got = b""
    try:
        while chunk := peer.recv(65536):
            got += chunk
            if len(got) > 1_000_000:
                break
    except ConnectionError:
        pass
    return got
