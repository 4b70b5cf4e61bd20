"""The application of the pages, on an address of its own: nothing of it is for strangers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.server.pages.plans import plans_router
from bot.server.status import Server, ServerCollector

TEMPLATES = Path(__file__).parent / "templates"
LOCAL = ("127.0.0.1", "localhost", "[::1]")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def templates() -> Environment:
    """Everything that is put into a page is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def application(hosts: Sequence[str]) -> FastAPI:
    """An empty one; `hosts` are the names it answers to, so that no other page can ask it."""
    app = FastAPI(title="OTP-Genesis", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guard(request: Request, call: Any) -> Response:
        response: Response = await call(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))

    @app.get("/style.css")
    def style() -> Response:
        return Response((TEMPLATES / "style.css").read_text(), media_type="text/css")

    return app


def hosts_of(host: str) -> tuple[str, ...]:
    """Names to answer to on an address: an operator who opens it to others has said so."""
    return LOCAL if host in ("127.0.0.1", "::1", "localhost") else ("*",)


def pages(server: Server, host: str) -> FastAPI:
    """The pages of a running server."""
    app = application(hosts_of(host))
    environment = templates()
    server.meters.registry.register(ServerCollector(server))
    app.include_router(plans_router(server, environment))

    @app.get("/", response_class=HTMLResponse)
    def home() -> Response:
        return RedirectResponse("/plans")

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        healthy = server.healthy()
        status = {"status": "ok" if healthy else "the work has stopped"}
        return JSONResponse(status, 200 if healthy else 500)

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        ready, parts = server.readiness()
        return JSONResponse({"ready": ready, **parts}, 200 if ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        text = generate_latest(server.meters.registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return app
