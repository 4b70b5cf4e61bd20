"""Routes complete themselves when called, and are then like any other."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from bot.simulator.rest.late_route import LateRoute


async def greet(name: str, times: int = 1) -> Response:
    return PlainTextResponse(f"hello {name} " * times)


def test_nothing_is_worked_out_before_it_is_needed() -> None:
    route = LateRoute("/{name}", greet, methods=["GET"])
    assert (route.path, route.methods) == ("/{name}", {"GET"})
    assert "dependant" not in vars(route)
    assert [p.name for p in route.dependant.path_params] == ["name"]


def test_a_call_is_answered_as_by_any_route() -> None:
    app = FastAPI()
    app.router.routes.append(LateRoute("/hello/{name}", greet, methods=["GET"]))
    client = TestClient(app)
    for _ in range(2):
        assert client.get("/hello/ada?times=2").text == "hello ada hello ada "
    assert client.get("/hello/ada?times=many").status_code == 422
    assert client.post("/hello/ada").status_code == 405


def test_what_no_route_has_is_an_error() -> None:
    route = LateRoute("/{name}", greet, methods=["GET"])
    with pytest.raises(AttributeError, match="nonsense"):
        _ = route.nonsense
