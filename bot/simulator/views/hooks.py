"""Hooks of repositories and Apps, and their deliveries."""

from __future__ import annotations

import json
from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.records.apps import Delivery, Hook
from bot.simulator.world import World

HIDDEN = "********"


def config_view(hook: Hook) -> dict[str, Any]:
    """A "webhook config"; the secret is never shown."""
    config: dict[str, Any] = {
        "content_type": hook.content_type,
        "insecure_ssl": hook.insecure_ssl,
    }
    if hook.url:
        config["url"] = hook.url
    return config | ({"secret": HIDDEN} if hook.secret else {})


def repository_hook_view(world: World, hook: Hook) -> dict[str, Any]:
    repository = world.tables.repositories[hook.repository_id or 0]
    url = f"{world.urls.repository(world.full_name(repository))}/hooks/{hook.id}"
    return {
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": config_view(hook),
        "updated_at": stamp(hook.updated_at),
        "created_at": stamp(hook.created_at),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": _last_response(world, hook),
    }


def app_hook_view(world: World, hook: Hook) -> dict[str, Any]:
    """As the ping to an App shows its hook."""
    app = world.tables.apps[hook.app_id or 0]
    return {
        "type": "App",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": app.events,
        "config": config_view(hook),
        "updated_at": stamp(hook.updated_at),
        "created_at": stamp(hook.created_at),
        "app_id": app.id,
        "deliveries_url": f"{world.urls.api}/app/hook/deliveries",
    }


def _last_response(world: World, hook: Hook) -> dict[str, Any]:
    rows = world.tables.deliveries.where("hook", hook.id)
    last = max((d for d in rows if d.state != "pending"), key=lambda d: d.id, default=None)
    if last is None:
        return {"code": None, "status": "unused", "message": None}
    status = "active" if last.state == "delivered" else "invalid_http_response"
    return {"code": last.status_code, "status": status, "message": last.status}


def delivery_view(row: Delivery) -> dict[str, Any]:
    """As in lists; of a settled delivery."""
    return {
        "id": row.id,
        "guid": row.guid,
        "delivered_at": stamp(row.delivered_at or row.created_at),
        "redelivery": row.redelivery,
        "duration": row.duration,
        "status": row.status,
        "status_code": row.status_code,
        "event": row.event,
        "action": row.action,
        "installation_id": row.installation_id,
        "repository_id": row.repository_id,
        "throttled_at": None,
    }


def full_delivery_view(row: Delivery) -> dict[str, Any]:
    return delivery_view(row) | {
        "url": row.url,
        "request": {"headers": row.request_headers, "payload": json.loads(row.payload)},
        "response": {"headers": row.response_headers, "payload": row.response_body},
    }
