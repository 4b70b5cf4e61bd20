"""Judges exchanges against GitHub's published description of its REST API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl

from tests.simulator.judges.exchanges import Exchange, NotJson, Verdict
from tests.simulator.judges.operations import Description, Operation

BASIC_ERROR = {"$ref": "#/components/schemas/basic-error"}
INVALID = {
    "anyOf": [
        {"$ref": "#/components/schemas/validation-error"},
        {"$ref": "#/components/schemas/validation-error-simple"},
        {"allOf": [BASIC_ERROR, {"not": {"required": ["errors"]}}]},
    ]
}
ANYWHERE = {400, 401, 403, 404, 415, 422, 429}
"""What any operation may answer though the description names it for some only: GitHub's guides on
authentication, rate limits and client errors speak of all operations."""
ERROR_KEYS = ("message", "documentation_url", "status")
"""Every error body of GitHub has them; the description leaves them optional."""
RATE_HEADERS = ("limit", "remaining", "used", "reset", "resource")
CUSTOM_MEDIA = re.compile(r"application/vnd\.github(?:\.v3)?\.(diff|patch|raw|sha|html)(?![\w+])")
EMPTY = (204, 205, 304)
REDIRECTS = (301, 302, 307)
PAGE = 30
GRAPHQL = ("POST", "/graphql")


class RestJudge:
    """Holds a server and its clients to the description: each error says which of them errs."""

    def __init__(self, description: Description) -> None:
        self.description = description

    def judge(self, exchange: Exchange) -> Verdict:
        if (exchange.method, exchange.path) == GRAPHQL:
            return Verdict("graphql", exchange.status, tuple(_graphql(exchange)))
        operation = self.description.operation(exchange.method, exchange.path)
        if operation is None:
            unknown = f"GitHub describes no {exchange.method} {exchange.path}"
            return Verdict("", exchange.status, (unknown,))
        errors = list(self._response(operation, exchange))
        if exchange.status < 400:
            # What was accepted must be acceptable; refused requests may be as bad as they like.
            errors += [f"request {problem}" for problem in self._request(operation, exchange)]
        notices = tuple(self._notices(operation, exchange))
        return Verdict(operation.id, exchange.status, tuple(errors), notices)

    def _response(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        yield from _headers(exchange)
        documented = operation.responses.get(str(exchange.status))
        conditional = exchange.status == 304 and exchange.method in ("GET", "HEAD")
        if documented is None and exchange.status not in ANYWHERE and not conditional:
            yield f"response status {exchange.status} is not described"
            return
        if exchange.method == "HEAD" or exchange.status in EMPTY:
            if exchange.response_body:
                yield f"response {exchange.status} has a body"
        elif exchange.status in REDIRECTS:
            yield from _redirect(exchange)
        elif exchange.status == 200 and (custom := _custom_media(exchange)):
            yield from _media(custom, exchange)
        elif documented or exchange.status >= 400:
            yield from self._body(operation, documented or {}, exchange)
        elif exchange.response_body not in (b"", b"{}"):
            yield f"response {exchange.status} has a body, none is described"

    def _body(self, operation: Operation, documented: Any, exchange: Exchange) -> Iterator[str]:
        kind = exchange.response_headers.get("content-type", "").partition(";")[0]
        if kind != "application/json":
            if kind not in documented:
                yield f"response content type {kind!r}, described: {sorted(documented)}"
            return
        try:
            body = exchange.response_json()
        except NotJson as error:
            yield f"response is not JSON: {error}"
            return
        schema = self._schema(documented, exchange.status)
        key = f"{operation.id} {exchange.status}"
        for problem in self.description.library.problems(key, schema, body):
            yield f"response {problem}"
        if exchange.status >= 400:
            yield from _error(body, exchange.status)
        yield from _page(operation, exchange, body)

    def _schema(self, documented: Any, status: int) -> Any:
        if status == 422:
            return INVALID
        return documented.get("application/json", BASIC_ERROR if status >= 400 else {})

    def _request(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        for name, value in parse_qsl(exchange.query, keep_blank_values=True):
            if name in operation.query:
                schema = operation.query[name]
                key = f"{operation.id} ?{name}"
                for problem in self.description.library.problems(key, schema, read(schema, value)):
                    yield f"?{name} {problem}"
        if operation.body is None:
            return
        if not exchange.request_body:
            if operation.body_required and not self._empty_will_do(operation):
                yield "has no body"
            return
        try:
            body = exchange.request_json()
        except NotJson as error:
            yield f"is not JSON: {error}"
            return
        key = f"{operation.id} request"
        yield from self.description.library.problems(key, operation.body, body)

    def _empty_will_do(self, operation: Operation) -> bool:
        key = f"{operation.id} request"
        return not any(self.description.library.problems(key, operation.body, {}))

    def _notices(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        for name, _ in parse_qsl(exchange.query, keep_blank_values=True):
            if name not in operation.query:
                yield f"request ?{name} is not described"
        documented = operation.responses.get(str(exchange.status), {}).get("application/json")
        known = self.description.library.known_keys(documented) if documented else None
        try:
            body = exchange.response_json()
        except NotJson:
            return
        if known and isinstance(body, dict):
            for name in sorted(body.keys() - known):
                yield f"response key {name!r} is not described"


def read(schema: Any, value: str) -> Any:
    """A query value as the type its schema asks for; itself if it cannot be that."""
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "integer" in kinds and re.fullmatch(r"-?\d+", value):
        return int(value)
    if "boolean" in kinds and value in ("true", "false"):
        return value == "true"
    return value.split(",") if "array" in kinds else value


def _headers(exchange: Exchange) -> Iterator[str]:
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


def _redirect(exchange: Exchange) -> Iterator[str]:
    location = exchange.response_headers.get("location", "")
    if not re.match(r"https?://", location):
        yield f"response {exchange.status} leads to {location!r}, not to an absolute URL"


def _error(body: Any, status: int) -> Iterator[str]:
    if not isinstance(body, dict):
        return
    if lacking := [key for key in ERROR_KEYS if not isinstance(body.get(key), str)]:
        yield f"response error lacks {lacking}"
    elif body["status"] != str(status):
        yield f"response error says status {body['status']!r} in a {status}"


def _graphql(exchange: Exchange) -> Iterator[str]:
    """The envelope, which the GraphQL specification describes; what is inside has a schema of its
    own that npm does not carry here."""
    yield from _headers(exchange)
    try:
        body = exchange.response_json()
    except NotJson as error:
        yield f"response is not JSON: {error}"
        return
    if not isinstance(body, dict):
        yield "response is no object"
    elif exchange.status != 200:
        yield from _error(body, exchange.status)
    elif (
        not isinstance(body.get("data", {}), dict | NoneType)
        or not {"data", "errors"} & body.keys()
    ):
        yield "response has neither data nor errors"
    elif any(not isinstance(e.get("message"), str) for e in body.get("errors", ())):
        yield "response has an error without a message"


def _page(operation: Operation, exchange: Exchange, body: Any) -> Iterator[str]:
    if "per_page" not in operation.query or exchange.status != 200:
        return
    asked = dict(parse_qsl(exchange.query)).get("per_page", "")
    size = min(int(asked), 100) if asked.isdecimal() and int(asked) else PAGE
    lists = [body] if isinstance(body, list) else []
    if isinstance(body, dict) and "total_count" in body:
        lists = [value for value in body.values() if isinstance(value, list)]
    if any(len(each) > size for each in lists):
        yield f"response has more than the {size} entries of a page"


def _custom_media(exchange: Exchange) -> str:
    found = CUSTOM_MEDIA.search(exchange.request_headers.get("accept", ""))
    return found[1] if found else ""


def _media(custom: str, exchange: Exchange) -> Iterator[str]:
    """A representation that the client asked for by name: its content type, its first bytes."""
    kind = exchange.response_headers.get("content-type", "").partition(";")[0]
    if not re.fullmatch(rf"application/vnd\.github(\.v3)?\.{custom}(\+json)?", kind):
        yield f"response content type {kind!r} where {custom} was asked for"
    starts = {"diff": b"diff --git ", "patch": b"From "}.get(custom, b"")
    if exchange.response_body and not exchange.response_body.startswith(starts):
        yield f"response is no {custom}: {exchange.response_body[:40]!r}"
    if custom == "sha" and not re.fullmatch(rb"[0-9a-f]{40}", exchange.response_body):
        yield f"response is no sha: {exchange.response_body[:40]!r}"
