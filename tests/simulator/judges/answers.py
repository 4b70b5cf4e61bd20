"""What holds for every answer of GitHub's REST API, whatever operation it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from tests.simulator.judges.exchanges import Exchange
from tests.simulator.judges.operations import Operation

ERROR_KEYS = ("message", "documentation_url", "status")
"""Every error body of GitHub has them; the description leaves them optional."""
RATE_HEADERS = ("limit", "remaining", "used", "reset", "resource")
CUSTOM_MEDIA = re.compile(r"application/vnd\.github(?:\.v3)?\.(diff|patch|raw|sha|html)(?![\w+])")
PAGE = 30


def check_headers(exchange: Exchange) -> Iterator[str]:
    """What GitHub sends with every answer of its API."""
    headers = exchange.response_headers
    if "x-github-request-id" not in headers:
        yield "response has no X-GitHub-Request-Id"
    lacking = [name for name in RATE_HEADERS if f"x-ratelimit-{name}" not in headers]
    if lacking:
        yield f"response has no X-RateLimit-* of {lacking}"
    link = headers.get("link")
    if link is not None and not re.fullmatch(
        r'(<[^<>\s]+>; rel="(next|prev|first|last)"(, |$))+', link
    ):
        yield f"response Link cannot be read: {link!r}"


def check_redirect(exchange: Exchange) -> Iterator[str]:
    location = exchange.response_headers.get("location", "")
    if not re.match(r"https?://", location):
        yield f"response {exchange.status} leads to {location!r}, not to an absolute URL"


def check_error(body: Any, status: int) -> Iterator[str]:
    if not isinstance(body, dict):
        return
    if lacking := [key for key in ERROR_KEYS if not isinstance(body.get(key), str)]:
        yield f"response error lacks {lacking}"
    elif body["status"] != str(status):
        yield f"response error says status {body['status']!r} in a {status}"


def check_page(operation: Operation, exchange: Exchange, body: Any) -> Iterator[str]:
    if "per_page" not in operation.query or exchange.status != 200:
        return
    asked = dict(parse_qsl(exchange.query)).get("per_page", "")
    size = min(int(asked), 100) if asked.isdecimal() and int(asked) else PAGE
    lists = [body] if isinstance(body, list) else []
    if isinstance(body, dict) and "total_count" in body:
        lists = [value for value in body.values() if isinstance(value, list)]
    if any(len(each) > size for each in lists):
        yield f"response has more than the {size} entries of a page"


def asked_media(exchange: Exchange) -> str:
    found = CUSTOM_MEDIA.search(exchange.request_headers.get("accept", ""))
    return found[1] if found else ""


def check_media(custom: str, exchange: Exchange) -> Iterator[str]:
    """A representation that the client asked for by name: its content type, its first bytes."""
    kind = exchange.response_headers.get("content-type", "").partition(";")[0]
    if not re.fullmatch(rf"application/vnd\.github(\.v3)?\.{custom}(\+json)?", kind):
        yield f"response content type {kind!r} where {custom} was asked for"
    starts = {"diff": b"diff --git ", "patch": b"From "}.get(custom, b"")
    if exchange.response_body and not exchange.response_body.startswith(starts):
        yield f"response is no {custom}: {exchange.response_body[:40]!r}"
    if custom == "sha" and not re.fullmatch(rb"[0-9a-f]{40}", exchange.response_body):
        yield f"response is no sha: {exchange.response_body[:40]!r}"
