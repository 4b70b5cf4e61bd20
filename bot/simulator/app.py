"""All parts put together as one web application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from bot.simulator.actions.service.engine import Engine
from bot.simulator.actions.service.repeating import Repeater
from bot.simulator.domain.apps.installations import follow_repositories
from bot.simulator.domain.repositories.pushes import catch_up
from bot.simulator.errors import not_found
from bot.simulator.exchanges.recording import Recorder
from bot.simulator.faults.proxy import FaultyProxy
from bot.simulator.front import FrontDoor
from bot.simulator.gatekeeper import Gatekeeper
from bot.simulator.git import git_routes
from bot.simulator.graphql import route as graphql
from bot.simulator.pages import registration
from bot.simulator.pages.mounting import mount_pages
from bot.simulator.rest import (
    about,
    actions,
    apps,
    checks,
    control,
    hooks,
    issues,
    meta,
    protection,
    pulls,
    repository,
)
from bot.simulator.rest.actions import downloads
from bot.simulator.rest.by_id import ById
from bot.simulator.rest.gate import answer
from bot.simulator.rest.operations import Operations
from bot.simulator.rest.repository import archives
from bot.simulator.surface import API
from bot.simulator.world import World

ROUTERS: tuple[APIRouter, ...] = (
    meta.router,
    about.router,
    *actions.ROUTERS,
    *apps.ROUTERS,
    hooks.router,
    *issues.ROUTERS,
    *pulls.ROUTERS,
    *checks.ROUTERS,
    *protection.ROUTERS,
    *repository.ROUTERS,
)
"""Everything under `/api/v3`."""


def create_app(world: World) -> FastAPI:
    engine = Engine(world)
    world.hub.listeners += [engine.hear, Repeater(engine).hear]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.resume()
        await catch_up(world)
        world.outbox.resume()
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
    app.state.actions = engine
    world.hub.listeners.append(partial(follow_repositories, world))
    _put_in_front(app, world)
    app.router.routes.append(Operations(API, ROUTERS, _no_template))
    for router in ROUTERS:
        # For the description of the API only: its calls never get here.
        app.include_router(router, prefix=API)
    app.include_router(graphql.router, prefix="/api")
    app.include_router(control.router)
    app.router.routes += git_routes(Gatekeeper(world))
    app.router.routes += archives.ROUTES
    app.router.routes += downloads.ROUTES
    app.include_router(registration.incoming)
    app.include_router(registration.router)
    mount_pages(app)
    # A line break in a path fits no template, not even those that take the rest.
    app.router.default = _no_template
    return app


def _put_in_front(app: FastAPI, world: World) -> None:
    """What calls pass before they are routed; the last one named is met first."""
    app.add_middleware(ById, world=world)
    app.add_middleware(FaultyProxy, faults=world.faults)
    app.add_middleware(Recorder, world=world)
    app.add_middleware(FrontDoor, base=world.urls.base)


async def _unknown(request: Request) -> Response:
    async def refuse(request: Request) -> Response:
        raise not_found()

    return await answer(request, refuse)


async def _no_template(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        response = await _unknown(Request(scope, receive))
        await response(scope, receive, send)
    else:
        await WebSocketClose()(scope, receive, send)
