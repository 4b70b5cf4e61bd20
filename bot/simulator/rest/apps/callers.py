"""Who may call: the App itself with its JWT, or one of its installations with a token."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from bot.simulator.errors import ApiError
from bot.simulator.records.apps import App, Installation
from bot.simulator.rest.scope import Calling

NO_JWT = "A JSON web token could not be decoded"
NO_INSTALLATION = "You must authenticate with an installation access token in order to {verb}."


async def app_of_call(call: Calling) -> App:
    """Raises ApiError 401 for whoever calls with something else than an App's JWT."""
    if call.caller.app is None or not call.caller.is_app_itself:
        raise ApiError(401, NO_JWT)
    return call.caller.app


AsApp = Annotated[App, Depends(app_of_call)]


def installation_of(call: Calling, verb: str) -> Installation:
    """Raises ApiError 401 for nobody, 403 for users and for the App itself."""
    if call.caller.is_bot and call.caller.installation is not None:
        return call.caller.installation
    if call.caller.actor is None:
        raise ApiError(401, "Requires authentication")
    raise ApiError(403, NO_INSTALLATION.format(verb=verb))
