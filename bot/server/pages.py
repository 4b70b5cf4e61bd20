"""The operator's pages: health, readiness, metrics."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from bot.flows.react.post import Post
from bot.server.drainer import Drainer
from bot.server.process import IngressProcess


@dataclass(frozen=True)
class Server:
    """The parts of a running server that the pages tell about."""

    post: Post
    ingress: IngressProcess
    drainer: Drainer


def pages(server: Server) -> FastAPI:
    """The application."""
    app = FastAPI(title="OTP-Genesis", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        ready = server.ingress.alive
        status = {"ingress": "up" if ready else "down"}
        return JSONResponse(status, status_code=200 if ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        registry = CollectorRegistry()
        deliveries = Gauge(
            "genesis_deliveries",
            "Deliveries since the start.",
            ["event", "became"],
            registry=registry,
        )
        for name, count in server.drainer.seen.items():
            event, _, became = name.rpartition(" ")
            deliveries.labels(event, became).set(count)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app
