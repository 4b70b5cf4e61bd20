"""What every page passes: who is acting, where the request comes from, errors as pages, headers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.simulator.errors import ApiError, Moved, not_found
from bot.simulator.git import RepositoryError, TooLarge, UnknownObject
from bot.simulator.pages.acting import caller_of
from bot.simulator.pages.errors import error_page
from bot.simulator.pages.rendering import link_to
from bot.simulator.rest.late_route import LateRoute
from bot.simulator.world import World

log = logging.getLogger(__name__)

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


class PageRoute(LateRoute):
    """A route whose answers are pages whatever happens."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await answer(request, handler)

        return handle


def pages_router(*checks: Callable[..., Any]) -> APIRouter:
    """`checks` refuse by raising ApiError before any handler of the router is asked."""
    return _router(comes_from_here, *checks)


def open_router() -> APIRouter:
    """For forms that other sites send."""
    return _router()


def _router(*checks: Callable[..., Any]) -> APIRouter:
    return APIRouter(
        route_class=PageRoute,
        include_in_schema=False,
        redirect_slashes=False,
        dependencies=[Depends(check) for check in (*checks, is_small)],
    )


async def answer(request: Request, handler: Handler) -> Response:
    """Lets `handler` answer; what it refuses becomes a page with the API's status and words."""
    world: World = request.app.state.world
    request.state.caller = caller_of(world, request)
    try:
        response = await _handled(world, request, handler)
        # Also after a refusal: what was done before it is seen, so it has to last.
        world.commit()
    except Exception:
        # The outermost entry: the visitor gets a page, the log the traceback.
        log.exception("a page failed: %s", request.url.path)
        response = error_page(request, ApiError(500, "Something broke; the log says what."))
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _handled(world: World, request: Request, handler: Handler) -> Response:
    try:
        return await handler(request)
    except Moved:
        return _at_its_new_name(world, request)
    except ApiError as error:
        return error_page(request, error)
    except (UnknownObject, RequestValidationError):
        return error_page(request, not_found())
    except TooLarge as error:
        return error_page(request, ApiError(403, str(error)))
    except RepositoryError as error:
        return error_page(request, ApiError(422, str(error)))


def _at_its_new_name(world: World, request: Request) -> Response:
    """The same page of the repository, which was renamed."""
    owner, name = request.path_params["owner"], request.path_params["repo"]
    repository = world.repository_once_named(owner, name)
    assert repository is not None
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    path = "/".join([link_to(world, repository), *raw.decode("latin-1").split("/", 3)[3:]])
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(path + query, 301 if request.method in SAFE else 307)


async def comes_from_here(request: Request) -> None:
    """Refuses what another site made the browser send.

    Raises:
        ApiError: 403.
    """
    source = request.headers.get("origin") or request.headers.get("referer") or ""
    site = source.partition("://")[2].partition("/")[0]
    if request.method not in SAFE and site != request.headers.get("host"):
        raise ApiError(403, "This form was not sent from a page of the simulator.")


async def is_small(request: Request) -> None:
    """Raises:
    ApiError: 413 for a form that is too large, or does not say how large it is.
    """
    length = request.headers.get("content-length", "")
    if request.method not in SAFE and not (length.isdecimal() and int(length) <= MAX_FORM):
        raise ApiError(413, "The form is too large.")
