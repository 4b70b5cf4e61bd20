"""Routers whose every route passes the gate."""

from __future__ import annotations

from fastapi import APIRouter

from bot.simulator.rest.gate import GitHubRoute


def router_for(resource: str) -> APIRouter:
    """A router under `/api/v3`; `resource` groups its routes in the listing."""
    return APIRouter(route_class=GitHubRoute, tags=[resource], redirect_slashes=False)
