"""All parts put together as one web application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.domain.pushes import catch_up
from bot.simulator.errors import not_found
from bot.simulator.gatekeeper import Gatekeeper
from bot.simulator.git import git_routes
from bot.simulator.rest import meta, repository
from bot.simulator.rest.gate import answer
from bot.simulator.world import World

API = "/api/v3"

ROUTERS: tuple[APIRouter, ...] = (meta.router, *repository.ROUTERS)
"""Everything under `/api/v3`."""


def create_app(world: World) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await catch_up(world)
        yield
        await world.close()

    app = FastAPI(
        title="GitHub simulator",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/_simulator/openapi.json",
        redirect_slashes=False,
    )
    app.state.world = world
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.router.routes += git_routes(Gatekeeper(world))
    app.add_api_route(f"{API}/{{rest:path}}", _unknown, methods=_METHODS, include_in_schema=False)
    return app


_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


async def _unknown(request: Request) -> Response:
    async def refuse(request: Request) -> Response:
        raise not_found()

    return await answer(request, refuse)
