"""Actions over REST."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.actions import artifacts, runs, variables

ROUTERS: tuple[APIRouter, ...] = (runs.router, artifacts.router, variables.router)
