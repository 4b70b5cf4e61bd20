"""`POST /webhook` over real HTTP: what is acknowledged is kept, the rest leaves no trace."""

from __future__ import annotations

import concurrent.futures
import hashlib
import hmac
import json
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.ingress.support import (
    SECRET,
    Ingress,
    asking,
    headers_of,
    ingressing,
    signed,
    until,
)

MB = 1024 * 1024
BODY = json.dumps({"action": "labeled", "issue": {"number": 1}}).encode()


@pytest.fixture(scope="module")
def ingress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingress]:
    with ingressing(tmp_path_factory.mktemp("ingress") / "inbox") as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with asking() as made:
        yield made


def bodies(ingress: Ingress, guid: str) -> list[bytes]:
    return [d.payload for d in ingress.kept() if d.guid == guid]


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        b"",
        b"{}",
        b"\x00\xff\n\r\n not JSON at all",
        '{"title": "Übergröße \\u0000 \U0001f600"}'.encode(),
        b'{\n  "spaces":   [1 ,2],\n "order": {"b": 1, "a": 2} }\n',
        b"payload=%7B%22action%22%3A%22opened%22%7D",
    ],
    ids=["json", "empty", "short", "binary", "unicode", "odd spaces", "form"],
)
def test_what_is_signed_is_kept_as_it_came(
    ingress: Ingress, client: httpx.Client, body: bytes
) -> None:
    guid = str(uuid.uuid4())
    answer = client.post(ingress.url, content=body, headers=headers_of(body, guid, "issues"))
    assert (answer.status_code, answer.content) == (202, b"")
    assert bodies(ingress, guid) == [body]
    (event,) = (d.event for d in ingress.kept() if d.guid == guid)
    assert event == "issues"


def test_the_example_of_githubs_documentation_is_signed_as_it_says() -> None:
    assert (
        signed(b"Hello, World!")
        == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def sha1(body: bytes) -> str:
    return "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        signed(BODY)[:-1],
        signed(BODY) + "0",
        signed(BODY).upper(),
        signed(BODY).removeprefix("sha256="),
        signed(BODY + b" "),
        signed(BODY, "another secret"),
        signed(BODY, ""),
        sha1(BODY),
        "sha256=" + "ü" * 64,
    ],
)
def test_a_wrong_or_missing_signature_is_refused(
    ingress: Ingress, client: httpx.Client, signature: str | None
) -> None:
    guid = str(uuid.uuid4())
    headers = {n.encode(): v.encode() for n, v in headers_of(BODY, guid).items()}
    del headers[b"x-hub-signature-256"]
    headers[b"x-hub-signature"] = sha1(BODY).encode()
    if signature is not None:
        headers[b"x-hub-signature-256"] = signature.encode()
    answer = client.post(ingress.url, content=BODY, headers=headers)
    assert answer.status_code == 401
    assert bodies(ingress, guid) == []


def test_a_body_that_was_changed_on_its_way_is_refused(
    ingress: Ingress, client: httpx.Client
) -> None:
    """The same JSON with other spaces: the bytes count, not what they mean."""
    guid = str(uuid.uuid4())
    changed = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    answer = client.post(ingress.url, content=changed, headers=headers_of(BODY, guid))
    assert answer.status_code == 401
    assert bodies(ingress, guid) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-github-delivery", None),
        ("x-github-delivery", ""),
        ("x-github-delivery", "x" * 65),
        ("x-github-delivery", "../../etc/passwd"),
        ("x-github-delivery", "a b"),
        ("x-github-delivery", 'a","event":"ping'),
        ("x-github-event", None),
        ("x-github-event", ""),
        ("x-github-event", "Issues"),
        ("x-github-event", "issues/opened"),
        ("x-github-event", "e" * 65),
    ],
)
def test_what_is_no_delivery_is_refused(
    ingress: Ingress, client: httpx.Client, name: str, value: str | None
) -> None:
    before = len(ingress.kept())
    headers = headers_of(BODY)
    del headers[name]
    if value is not None:
        headers[name] = value
    assert client.post(ingress.url, content=BODY, headers=headers).status_code == 400
    assert len(ingress.kept()) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_post_is_taken(ingress: Ingress, client: httpx.Client, method: str) -> None:
    before = len(ingress.kept())
    answer = client.request(method, ingress.url, headers=headers_of(b""))
    assert answer.status_code == 405
    assert len(ingress.kept()) == before


@pytest.mark.parametrize("path", ["/", "/webhook/", "/webhooks", "//webhook", "/x/../webhook"])
def test_nothing_else_is_there(ingress: Ingress, client: httpx.Client, path: str) -> None:
    before = len(ingress.kept())
    url = f"http://127.0.0.1:{ingress.port}{path}"
    answer = client.post(url, content=BODY, headers=headers_of(BODY))
    assert answer.status_code in (404, 202 if path == "/x/../webhook" else 404)
    assert len(ingress.kept()) - before == (answer.status_code == 202)


def test_it_says_that_it_is_well(ingress: Ingress, client: httpx.Client) -> None:
    assert client.get(f"http://127.0.0.1:{ingress.port}/healthz").status_code == 200


def test_the_largest_payload_of_github_is_kept(ingress: Ingress, client: httpx.Client) -> None:
    guid, body = str(uuid.uuid4()), b"x" * (25 * MB)
    answer = client.post(ingress.url, content=body, headers=headers_of(body, guid))
    assert answer.status_code == 202
    assert bodies(ingress, guid) == [body]


def chunks(size: int) -> Iterator[bytes]:
    """A body whose length is not told before."""
    while size > 0:
        yield b"x" * min(size, MB)
        size -= MB


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in chunks"])
def test_a_larger_one_is_refused_and_the_connection_is_of_use_still(
    ingress: Ingress, client: httpx.Client, told: bool
) -> None:
    guid, size = str(uuid.uuid4()), 25 * MB + 1
    body = b"x" * size
    content = body if told else chunks(size)
    answer = client.post(ingress.url, content=content, headers=headers_of(body, guid))
    assert answer.status_code == 413
    assert bodies(ingress, guid) == []
    assert client.post(ingress.url, content=BODY, headers=headers_of(BODY)).status_code == 202


def test_a_body_in_chunks_is_kept_whole(ingress: Ingress, client: httpx.Client) -> None:
    guid, body = str(uuid.uuid4()), b"x" * (3 * MB)
    answer = client.post(ingress.url, content=chunks(3 * MB), headers=headers_of(body, guid))
    assert answer.status_code == 202
    assert bodies(ingress, guid) == [body]


def raw(guid: str, body: bytes, declared: int) -> bytes:
    lines = [
        "POST /webhook HTTP/1.1",
        "host: 127.0.0.1",
        f"content-length: {declared}",
        *(f"{name}: {value}" for name, value in headers_of(body, guid).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("sent", [0, 1, len(BODY) - 1])
def test_a_request_that_is_cut_short_leaves_no_trace(
    ingress: Ingress, client: httpx.Client, sent: int
) -> None:
    guid = str(uuid.uuid4())
    with socket.create_connection(("127.0.0.1", ingress.port)) as cut:
        cut.sendall(raw(guid, BODY[:sent], len(BODY)))
        cut.shutdown(socket.SHUT_WR)
        assert b" 202 " not in cut.recv(4096)
    assert bodies(ingress, guid) == []
    assert client.post(ingress.url, content=BODY, headers=headers_of(BODY)).status_code == 202


def test_nobody_gets_in_with_the_bytes_of_the_next_request(ingress: Ingress) -> None:
    """Two requests in one packet, the first one with a wrong signature."""
    bad, good = str(uuid.uuid4()), str(uuid.uuid4())
    forged = raw(bad, BODY, len(BODY)).replace(signed(BODY).encode(), signed(b"").encode())
    with socket.create_connection(("127.0.0.1", ingress.port)) as both:
        both.sendall(forged + raw(good, BODY, len(BODY)))
        both.settimeout(20)
        heard = b""
        while heard.count(b"HTTP/1.1 ") < 2:
            heard += both.recv(4096)
    assert [line.split()[1] for line in heard.split(b"\r\n") if b"HTTP/1.1" in line] == [
        b"401",
        b"202",
    ]
    assert bodies(ingress, bad) == []
    assert bodies(ingress, good) == [BODY]


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    ],
)
def test_noise_is_answered_or_dropped_and_does_no_harm(
    ingress: Ingress, client: httpx.Client, noise: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", ingress.port)) as other:
        other.sendall(noise)
        other.shutdown(socket.SHUT_WR)
        assert b" 202 " not in other.recv(4096)
    assert client.post(ingress.url, content=BODY, headers=headers_of(BODY)).status_code == 202


def test_many_at_once_are_each_kept_once(ingress: Ingress) -> None:
    guids = [str(uuid.uuid4()) for _ in range(300)]

    def send(share: list[str]) -> list[int]:
        with asking() as client:
            return [
                client.post(ingress.url, content=BODY, headers=headers_of(BODY, g)).status_code
                for g in share
            ]

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = [s for part in pool.map(send, (guids[n::10] for n in range(10))) for s in part]
    assert answers == [202] * 300
    kept = [d.guid for d in ingress.kept() if d.guid in set(guids)]
    assert sorted(kept) == sorted(guids)


def test_the_parent_hears_how_many_were_answered_with_what(tmp_path: Path) -> None:
    with ingressing(tmp_path) as ingress, asking() as client:
        client.post(ingress.url, content=BODY, headers=headers_of(BODY))
        client.post(ingress.url, content=BODY, headers=headers_of(BODY))
        client.post(ingress.url, content=BODY, headers=headers_of(b"other"))
        client.get(ingress.url)

        def whole() -> bool:
            told = ingress.told()
            return bool(told["answers"] == {"202": 2, "401": 1, "405": 1} and told["batches"] == 2)

        until(whole)
