"""A request whose body is JSON whatever its type says, as it is for GitHub."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from bot.simulator.errors import ApiError

MAX_BODY = 25 * 1024 * 1024
"""Bytes."""


class JsonRequest(Request):
    """Stricter than Python: no NaN, no lone surrogates, no depth that breaks the stack."""

    async def json(self) -> Any:
        """Raises JSONDecodeError. An empty body counts as `{}`."""
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


def as_json(request: Request) -> Request:
    """The same request to be read as JSON; reading more than 25 MB raises ApiError (413)."""
    if request.method == "GET":
        return request
    others = [(k, v) for k, v in request.scope["headers"] if k != b"content-type"]
    headers = [*others, (b"content-type", b"application/json")]
    scope: Scope = {**request.scope, "headers": headers}
    return JsonRequest(scope, _bounded(request.receive))


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] != "http.request":
            return message
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise ApiError(413, "Payload too large")
        if size == 0 and not message.get("more_body"):
            return {**message, "body": b"{}"}
        return message

    return bounded
