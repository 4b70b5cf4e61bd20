"""GitHub Apps, as `GET /app`, check runs and what was made through one show them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.simulator.clock import stamp
from bot.simulator.nodes import node_id
from bot.simulator.records.apps import App
from bot.simulator.views.accounts import account_view
from bot.simulator.world import World


def app_view(world: World, app: App) -> dict[str, Any]:
    """An "integration"."""
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "client_id": app.client_id,
        "owner": account_view(world, world.tables.accounts[app.owner_id]),
        "name": app.name,
        "description": app.description,
        "external_url": app.external_url,
        "html_url": f"{world.urls.base}/apps/{quote(app.slug)}",
        "created_at": stamp(app.created_at),
        "updated_at": stamp(app.updated_at),
        "permissions": app.permissions,
        "events": app.events,
    }


def maybe_app_view(world: World, id: int | None) -> dict[str, Any] | None:
    app = world.tables.apps.get(id)
    return None if app is None else app_view(world, app)
