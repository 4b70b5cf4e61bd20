"""Operations are found by the telling parts of a path as they would be by trying each."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from bot.simulator.app import ROUTERS
from bot.simulator.rest.operations import Operations

PREFIX = "/api/v3"
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
WORDS = sorted({s for r in ROUTES for s in r.path.split("/") if s and "{" not in s})
SEGMENTS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["acme", "shop", "7", "a.b", "x y", "", "..", "{owner}"]),
)
PATHS = st.lists(SEGMENTS, max_size=9).map(lambda parts: "/" + "/".join(parts))


class Told(Exception):
    """Which operation it would have been."""


def linear(method: str, path: str) -> APIRoute | None:
    for route in ROUTES:
        scope = {"type": "http", "method": method, "path": path, "root_path": ""}
        if route.matches(scope)[0] is Match.FULL:
            return route
    return None


def indexed(operations: Operations, method: str, path: str) -> APIRoute | None:
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    for route in operations.candidates(method, path.split("/")[1:]):
        if route.matches(scope)[0] is Match.FULL:
            return route
    return None


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("unknown")


OPERATIONS = Operations(PREFIX, ROUTERS, _unknown)


@given(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]), PATHS)
def test_any_path_leads_where_it_would_by_trying_each(method: str, path: str) -> None:
    assert indexed(OPERATIONS, method, path) is linear(method, path)


@pytest.mark.parametrize("value", ["7", "a.b", "issues"])
def test_every_operation_is_found(value: str) -> None:
    for route in ROUTES:
        path = re.sub(r"\{\w+:path\}", f"{value}/deep/er", route.path)
        path = re.sub(r"\{[^}]*\}", value, path)
        for method in route.methods or ():
            found = indexed(OPERATIONS, method, path)
            assert found is not None, (method, path)
            assert found is linear(method, path)


def test_there_are_few_keys_whatever_is_asked() -> None:
    operations = Operations(PREFIX, ROUTERS, _unknown)
    for number in range(500):
        indexed(operations, "GET", f"/x{number}/a/b/y{number}")
    assert len(operations._found) == 1


@pytest.mark.anyio
async def test_paths_below_the_prefix_only() -> None:
    router = APIRouter()

    @router.get("/things/{name:path}")
    async def thing(name: str) -> Response:
        return PlainTextResponse(name)

    async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
        raise Told

    operations = Operations(PREFIX, (router,), unknown)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    for path in ("/things/x", "/api/v3", "/api/v33/things/x", "/api/graphql"):
        assert operations.matches({"type": "http", "path": path})[0] is Match.NONE
    assert operations.matches({"type": "http", "path": "/api/v3/"})[0] is Match.FULL
    assert operations.matches({"type": "lifespan"})[0] is Match.NONE
    for path in ("/api/v3/thing", "/api/v3/things/a\n", "/api/v3//things/a", "/api/v3/"):
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        with pytest.raises(Told):
            await operations.handle(scope, receive, send)
