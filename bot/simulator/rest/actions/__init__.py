"""Actions over REST."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.actions import artifacts, controlling, downloads, runs, variables

ROUTERS: tuple[APIRouter, ...] = (
    runs.router,
    controlling.router,
    downloads.router,
    artifacts.router,
    variables.router,
)
