"""What every API call passes: authentication, limits, errors in GitHub's form, commit, headers."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.errors import ApiError
from bot.simulator.faults.refusals import refusal_by_fault
from bot.simulator.identity.caller import ANONYMOUS, Caller
from bot.simulator.identity.tokens import caller_with, credentials_in
from bot.simulator.limits.charge import Charge, charge_for
from bot.simulator.rest.bodies import refusal_of
from bot.simulator.rest.conditional import conditional
from bot.simulator.rest.json_request import as_json
from bot.simulator.rest.late_route import LateRoute
from bot.simulator.rest.replies import media_of, reply
from bot.simulator.surface import path_in
from bot.simulator.world import World

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)

VERSIONS = ("2022-11-28", "2026-03-10")
SCOPES = "admin:org, admin:repo_hook, delete_repo, repo, user, workflow"
"""Of a user's token: it may do whatever the user may."""

NO_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent"
    " header (https://docs.github.com/rest/overview/resources-in-the-rest-api#user-agent-required)."
)
SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"deny"),
    (b"content-security-policy", b"default-src 'none'"),
    (b"referrer-policy", b"origin-when-cross-origin, strict-origin-when-cross-origin"),
]


class GitHubRoute(LateRoute):
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
    refused: ApiError | None = None
    try:
        request.state.caller = _caller(request, world)
    except ApiError as error:
        refused = error
    charge = _charge(request, world)
    try:
        if refused is not None:
            raise refused
        world.limits.enter(charge)
    except ApiError as error:
        return _finished(request, world, charge, refusal(error))
    status = 0
    try:
        response = conditional(request, await _handled(request, world, handler))
        status = response.status_code
    finally:
        world.limits.leave(charge, counted=status != 304)
    return _finished(request, world, charge, response)


def _caller(request: Request, world: World) -> Caller:
    """Raises ApiError for a request that nobody is to answer, and for wrong credentials."""
    if not request.headers.get("user-agent"):
        raise ApiError(403, NO_AGENT)
    wanted = request.headers.get("x-github-api-version", VERSIONS[0])
    if wanted not in VERSIONS:
        raise ApiError(400, f"The API version {wanted[:40]!r} is not supported.")
    token = credentials_in(request.headers.get("authorization", ""))
    return caller_with(world.tables, token, world.clock.now())


def _charge(request: Request, world: World) -> Charge:
    address = request.client.host if request.client else "localhost"
    path = path_in(request.scope["path"])
    return charge_for(world.tables, request.state.caller, address, request.method, path)


async def _handled(request: Request, world: World, handler: Handler) -> Response:
    """The answer of the handler or of what it raised; what it changed is durable then."""
    try:
        try:
            _check_faults(request, world)
            response = await handler(as_json(request))
        except (ApiError, RequestValidationError, HTTPException) as error:
            response = refusal(as_api_error(error))
        world.commit()
        return response
    except Exception:
        # The outermost entry: whoever calls gets an answer, whoever runs us the traceback.
        log.exception("a call failed: %s %s", request.method, request.url.path)
        return refusal(ApiError(500, "Server Error"))


def _check_faults(request: Request, world: World) -> None:
    path = path_in(request.scope["path"])
    caller: Caller = request.state.caller
    agent = request.headers.get("user-agent", "")
    found = refusal_by_fault(world.faults, world.tables, caller, request.method, path, agent)
    if found is not None:
        request.state.fault, error = found
        raise error


def as_api_error(error: ApiError | RequestValidationError | HTTPException) -> ApiError:
    if isinstance(error, RequestValidationError):
        return refusal_of(error.errors())
    if isinstance(error, HTTPException):
        # FastAPI wraps what came up while it read the body.
        cause = error.__cause__
        return cause if isinstance(cause, ApiError) else ApiError(error.status_code, error.detail)
    return error


def refusal(error: ApiError) -> Response:
    return reply(error.body(), error.status, error.headers)


def _finished(request: Request, world: World, charge: Charge, response: Response) -> Response:
    """The answer with the headers that each of GitHub's has."""
    version = request.headers.get("x-github-api-version", VERSIONS[0])
    media = media_of(request)
    param = "" if media == "json" else f" param={media};"
    named = {
        **world.limits.left(charge).headers(),
        "x-github-request-id": secrets.token_hex(12).upper(),
        "x-github-media-type": f"github.v3;{param} format=json",
        "x-github-api-version-selected": version if version in VERSIONS else VERSIONS[0],
    }
    if request.state.caller.is_user:
        named["x-oauth-scopes"] = SCOPES
    # None of them is there yet, so they need not be looked for one by one.
    response.raw_headers += SAFE + [(k.encode(), v.encode()) for k, v in named.items()]
    return response
