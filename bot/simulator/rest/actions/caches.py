"""Caches of a repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from bot.simulator.actions.service.caches import drop_cache
from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.actions import CacheEntry
from bot.simulator.rest.actions.finding import engine_of
from bot.simulator.rest.actions.runs import ACTIONS
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.actions import cache_view

router = router_for("actions")

_ORDERS: dict[str, Callable[[CacheEntry], Any]] = {
    "created_at": lambda e: (e.created_at, e.id),
    "last_accessed_at": lambda e: (e.last_accessed_at, e.id),
    "size_in_bytes": lambda e: (e.size, e.id),
}


@router.get(f"{ACTIONS}/caches")
async def list_caches(here: AtRepository) -> Response:
    here.require("actions", "read")
    query = here.request.query_params
    order = _ORDERS.get(query.get("sort", ""), _ORDERS["last_accessed_at"])
    rows = [e for e in _named(here, query.get("ref", "")) if e.key.startswith(query.get("key", ""))]
    rows.sort(key=order, reverse=query.get("direction") != "asc")
    return paginate(here.request, rows, cache_view, envelope="actions_caches")


@router.get(f"{ACTIONS}/cache/usage")
async def get_cache_usage(here: AtRepository) -> Response:
    here.require("actions", "read")
    rows = _named(here, "")
    return reply(
        {
            "full_name": here.world.full_name(here.repository),
            "active_caches_size_in_bytes": sum(row.size for row in rows),
            "active_caches_count": len(rows),
        }
    )


@router.delete(f"{ACTIONS}/caches")
async def delete_caches_by_key(here: AtRepository) -> Response:
    here.require("actions", "write")
    query = here.request.query_params
    if not query.get("key"):
        raise ApiError(422, 'Invalid request.\n\n"key" wasn\'t supplied.')
    gone = [e for e in _named(here, query.get("ref", "")) if e.key == query["key"]]
    if not gone:
        raise not_found()
    shown = [cache_view(entry) for entry in gone]
    for entry in gone:
        drop_cache(here.world, engine_of(here).storage, entry)
    return reply({"total_count": len(shown), "actions_caches": shown})


@router.delete(f"{ACTIONS}/caches/{{cache_id}}")
async def delete_cache(here: AtRepository, cache_id: int) -> Response:
    here.require("actions", "write")
    found = here.tables.caches.get(cache_id)
    if found is None or found.repository_id != here.repository.id:
        raise not_found()
    drop_cache(here.world, engine_of(here).storage, found)
    return no_content()


def _named(here: Here, ref: str) -> list[CacheEntry]:
    rows = here.tables.caches.where("repository", here.repository.id)
    full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    return [row for row in rows if not ref or row.ref == full]
