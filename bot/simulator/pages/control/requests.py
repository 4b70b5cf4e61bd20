"""What programs asked of this GitHub: what a bot would do to a repository."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.errors import not_found
from bot.simulator.pages.control.access import at_this_machine
from bot.simulator.pages.control.deliveries import indented
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.paging import page_of
from bot.simulator.pages.rendering import page
from bot.simulator.rest.scope import Calling

router = pages_router(at_this_machine)


@router.get("/_simulator/requests")
async def requests(call: Calling) -> Response:
    """Those that change something, or with `?all=1` all; `?part=1` gives only the list."""
    asked = call.request.query_params
    everything, actor = asked.get("all", ""), asked.get("actor", "")
    kept = call.world.exchanges.latest(writes=not everything)
    found = [e for e in kept if not actor or e.actor == actor]
    return page(
        call.request,
        "control/requests_part.html" if asked.get("part") else "control/requests.html",
        everything=bool(everything),
        actors=sorted({e.actor for e in kept if e.actor}),
        found=page_of(call.request, found[::-1], 100),
    )


@router.get("/_simulator/requests/{number:int}")
async def one_request(call: Calling, number: int) -> Response:
    exchange = call.world.exchanges.get(number)
    if exchange is None:
        raise not_found()
    return page(
        call.request,
        "control/request.html",
        exchange=exchange,
        asked=indented(exchange.request),
        answer=indented(exchange.response),
    )
