"""Actions over REST."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.actions import (
    artifacts,
    attestations,
    caches,
    controlling,
    downloads,
    runs,
    secrets,
    variables,
)

ROUTERS: tuple[APIRouter, ...] = (
    runs.router,
    controlling.router,
    downloads.router,
    artifacts.router,
    variables.router,
    secrets.router,
    caches.router,
    attestations.router,
)
