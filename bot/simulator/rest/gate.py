"""What every API call passes: authentication, limits, errors in GitHub's form, commit, headers."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import ANONYMOUS
from bot.simulator.identity.tokens import caller_with, credentials_in
from bot.simulator.rest.bodies import refusal_of
from bot.simulator.rest.replies import reply
from bot.simulator.world import World

Handler = Callable[[Request], Awaitable[Response]]

VERSIONS = ("2022-11-28", "2026-03-10")
MAX_BODY = 25 * 1024 * 1024


class GitHubRoute(APIRoute):
    """A route whose answers look like GitHub's whatever happens."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await answer(request, handler)

        return handle


async def answer(request: Request, handler: Handler) -> Response:
    """Lets `handler` answer, between the checks before it and what is due after it."""
    world: World = request.app.state.world
    request.state.caller = ANONYMOUS
    try:
        version = _version(request)
        now = world.clock.now()
        token = credentials_in(request.headers.get("authorization", ""))
        request.state.caller = caller_with(world.tables, token, now)
        response = await handler(as_json(request))
    except ApiError as error:
        version = VERSIONS[0]
        response = reply(error.body(), error.status, error.headers)
    except RequestValidationError as error:
        refusal = refusal_of(error.errors())
        response = reply(refusal.body(), refusal.status)
    world.commit()
    response = conditional(request, response)
    response.headers["x-github-request-id"] = secrets.token_hex(12).upper()
    response.headers["x-github-media-type"] = "github.v3; format=json"
    response.headers["x-github-api-version-selected"] = version
    return response


def _version(request: Request) -> str:
    wanted = request.headers.get("x-github-api-version", VERSIONS[0])
    if wanted not in VERSIONS:
        raise ApiError(400, f"The API version {wanted[:40]!r} is not supported.")
    return wanted


def conditional(request: Request, response: Response) -> Response:
    """Gives a JSON answer its ETag, and 304 to who has it already."""
    if request.method != "GET" or response.status_code != 200:
        return response
    if not isinstance(response.body, bytes) or "etag" in response.headers:
        return response
    etag = f'W/"{sha256(response.body).hexdigest()}"'
    known = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    if etag in known or etag.removeprefix("W/") in known:
        kept = {k: v for k, v in response.headers.items() if k not in ("content-length",)}
        response = Response(status_code=304, headers=kept)
    response.headers["etag"] = etag
    response.headers["cache-control"] = "private, max-age=60, s-maxage=60"
    return response


def as_json(request: Request) -> Request:
    """The same request with its body taken for JSON, which GitHub does whatever its type says.

    An empty body counts as `{}`; one over 25 MB is refused.
    """
    if request.method in ("GET", "HEAD"):
        return request
    scope = dict(request.scope)
    if "/uploads/" not in scope["path"]:
        scope["headers"] = [
            *((k, v) for k, v in scope["headers"] if k != b"content-type"),
            (b"content-type", b"application/json"),
        ]
    return Request(scope, _bounded(request.receive))


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] != "http.request":
            return message
        body = message.get("body", b"")
        size += len(body)
        if size > MAX_BODY:
            raise ApiError(413, "Payload too large")
        if size == 0 and not message.get("more_body"):
            return {**message, "body": b"{}"}
        return message

    return bounded
