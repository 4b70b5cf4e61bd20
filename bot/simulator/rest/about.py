"""What GitHub says of itself: its versions, addresses, limits."""

from __future__ import annotations

from typing import Any

from starlette.responses import PlainTextResponse, Response

from bot.simulator.domain.zen import proverb
from bot.simulator.limits.charge import Resource, charge_for
from bot.simulator.rest.gate import VERSIONS
from bot.simulator.rest.replies import reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling

router = router_for("meta")

EXAMPLES: dict[Resource, str] = {
    "core": "/",
    "search": "/search/issues",
    "graphql": "/graphql",
    "integration_manifest": "/app-manifests/code/conversions",
}
"""A path of each resource."""


@router.get("/rate_limit")
async def rate_limit(call: Calling) -> Response:
    """Costs nothing."""
    resources = {name: _rate(call, path) for name, path in EXAMPLES.items()}
    return reply({"resources": resources, "rate": resources["core"]})


def _rate(call: Call, path: str) -> dict[str, Any]:
    address = call.request.client.host if call.request.client else ""
    charge = charge_for(call.tables, call.caller, address, "GET", path)
    left = call.world.limits.left(charge)
    return {
        "limit": left.limit,
        "used": left.used,
        "remaining": left.remaining,
        "reset": left.reset,
        "resource": left.resource,
    }


@router.get("/meta")
async def meta(call: Calling) -> Response:
    """Everything is on this machine."""
    here = ["127.0.0.0/8", "::1/128"]
    return reply(
        {"verifiable_password_authentication": False}
        | dict.fromkeys(("hooks", "web", "api", "git", "actions"), here)
    )


@router.get("/versions")
async def versions() -> Response:
    return reply(VERSIONS)


@router.get("/zen")
async def zen(call: Calling) -> Response:
    return PlainTextResponse(proverb(int(call.world.clock.seconds())))
