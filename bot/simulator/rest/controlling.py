"""Whom the simulator's own controls obey: who develops with it, on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.errors import ApiError
from bot.simulator.front import is_loopback
from bot.simulator.rest.gate import as_api_error, refusal
from bot.simulator.rest.json_request import as_json
from bot.simulator.world import World

log = logging.getLogger(__name__)

PREFIX = "/_simulator"


class ControlRoute(APIRoute):
    """A route without tokens: it gives them out."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            world: World = request.app.state.world
            try:
                check_origin(request, world.urls.base)
                response: Response = await handler(as_json(request))
                world.commit()
            except (ApiError, RequestValidationError, HTTPException) as error:
                response = refusal(as_api_error(error))
            except Exception:
                # The outermost entry: the caller gets an answer, the log the traceback.
                log.exception("a control failed: %s", request.url.path)
                response = refusal(ApiError(500, "Server Error"))
            response.headers["cache-control"] = "no-store"
            response.headers["x-content-type-options"] = "nosniff"
            return response

        return handle


def control_router() -> APIRouter:
    return APIRouter(
        prefix=PREFIX, route_class=ControlRoute, tags=["simulator"], redirect_slashes=False
    )


def check_origin(request: Request, base: str) -> None:
    """Keeps other machines and the pages of other sites out.

    Raises:
        ApiError: 403; the Host could be a stranger's name for this address, the Origin a
            stranger's page.
    """
    if request.client is not None and not is_loopback(request.client.host):
        raise ApiError(403, "The simulator's controls answer on its own machine only.")
    host = request.headers.get("host", "")
    if not _is_own(f"http://{host}", base):
        raise ApiError(403, "The simulator's controls are not known by that host name.")
    if request.method == "GET":
        return
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        raise ApiError(403, "The simulator's controls obey no other site's pages.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ApiError(403, "The simulator's controls obey no other site's pages.")


def _is_own(url: str, base: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return is_loopback(name) or name == urlsplit(base).hostname
