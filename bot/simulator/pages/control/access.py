"""Who may enter the control room: whoever sits at this machine."""

from __future__ import annotations

from starlette.requests import Request

from bot.simulator.errors import ApiError
from bot.simulator.front import is_loopback


async def at_this_machine(request: Request) -> None:
    """Raises:
    ApiError: 403; tokens are shown here.
    """
    if request.client is not None and not is_loopback(request.client.host):
        raise ApiError(403, "The control room opens on the simulator's own machine only.")
