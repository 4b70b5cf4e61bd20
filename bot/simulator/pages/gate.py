"""What every page passes: who is acting, where the request comes from, errors as pages, headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import RepositoryError, TooLarge, UnknownObject
from bot.simulator.pages.acting import caller_of
from bot.simulator.pages.errors import error_page
from bot.simulator.world import World

Handler = Callable[[Request], Awaitable[Response]]

MAX_FORM = 2 << 20
"""Bytes; ten times a body of 65,536 characters, each escaped."""
SAFE = ("GET", "HEAD")
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class PageRoute(APIRoute):
    """A route whose answers are pages whatever happens."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await answer(request, handler)

        return handle


def pages_router() -> APIRouter:
    return APIRouter(route_class=PageRoute, include_in_schema=False, redirect_slashes=False)


async def answer(request: Request, handler: Handler) -> Response:
    """Lets `handler` answer; what it refuses becomes a page with the API's status and words."""
    world: World = request.app.state.world
    request.state.caller = caller_of(world, request)
    try:
        _admit(world, request)
        response = await handler(request)
    except ApiError as error:
        response = await error_page(request, error)
    except (UnknownObject, RequestValidationError):
        response = await error_page(request, not_found())
    except TooLarge as error:
        response = await error_page(request, ApiError(403, str(error)))
    except RepositoryError as error:
        response = await error_page(request, ApiError(422, str(error)))
    world.commit()
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _admit(world: World, request: Request) -> None:
    """Refuses what another site made the browser ask.

    Raises:
        ApiError: 421 for a name that is not ours (DNS rebinding), 403 for a form of another
            site, 413 for a form that is too large.
    """
    host = request.headers.get("host", "")
    if not _is_ours(host, world.urls.base):
        raise ApiError(421, f"This simulator answers at {world.urls.base} only.")
    if request.method in SAFE:
        return
    source = request.headers.get("origin") or request.headers.get("referer") or ""
    if urlsplit(source).netloc != host:
        raise ApiError(403, "This form was not sent from a page of the simulator.")
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_FORM:
        raise ApiError(413, "The form is too large.")


def _is_ours(host: str, base: str) -> bool:
    """An address in numbers cannot be a rebound name; of names, only ours and localhost."""
    if host == urlsplit(base).netloc:
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ip_address(name))
    except ValueError:
        return False
