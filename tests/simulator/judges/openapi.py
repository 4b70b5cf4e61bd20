"""Judges exchanges against GitHub's published description of its REST API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from tests.simulator.judges.answers import (
    asked_media,
    check_error,
    check_headers,
    check_media,
    check_page,
    check_redirect,
)
from tests.simulator.judges.exchanges import Exchange, NotJson, Verdict
from tests.simulator.judges.graph import GraphJudge
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
EMPTY = (204, 205, 304)
REDIRECTS = (301, 302, 307)
GRAPHQL = ("POST", "/graphql")


class RestJudge:
    """Holds a server and its clients to the description: each error says which of them errs."""

    def __init__(self, description: Description) -> None:
        self.description = description

    @cached_property
    def graph(self) -> GraphJudge:
        """Only when GraphQL is spoken: it takes a while to load."""
        return GraphJudge.load()

    def judge(self, exchange: Exchange) -> Verdict:
        if (exchange.method, exchange.path) == GRAPHQL:
            return Verdict("graphql", exchange.status, tuple(self.graph.judge(exchange)))
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
        yield from check_headers(exchange)
        documented = operation.responses.get(str(exchange.status))
        conditional = exchange.status == 304 and exchange.method in ("GET", "HEAD")
        if documented is None and exchange.status not in ANYWHERE and not conditional:
            yield f"response status {exchange.status} is not described"
            return
        if exchange.method == "HEAD" or exchange.status in EMPTY:
            if exchange.response_body:
                yield f"response {exchange.status} has a body"
        elif exchange.status in REDIRECTS:
            yield from check_redirect(exchange)
        elif exchange.status == 200 and (custom := asked_media(exchange)):
            yield from check_media(custom, exchange)
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
            yield from check_error(body, exchange.status)
        yield from check_page(operation, exchange, body)

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
