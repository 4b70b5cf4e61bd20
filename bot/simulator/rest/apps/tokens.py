"""Installation tokens: made with the App's JWT, given back with themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from bot.simulator.clock import maybe_stamp
from bot.simulator.domain.apps.installations import covered
from bot.simulator.errors import ApiError
from bot.simulator.identity.tokens import INSTALLATION_TOKEN_LIFE, installation_token
from bot.simulator.records.accounts import Level, Token
from bot.simulator.records.apps import Installation
from bot.simulator.rest.apps.callers import AsApp, installation_of
from bot.simulator.rest.apps.installations import own_installation
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import no_content, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.repositories import repository_view

router = router_for("apps")

MAX_REPOSITORIES = 500
LEVELS: tuple[Level, ...] = ("read", "write", "admin")

NOT_REACHED = (
    "There is at least one repository that does not exist or is not accessible to the"
    " parent installation."
)
NOT_GRANTED = "The permissions requested are not granted to this installation."


class Wanted(Body):
    repositories: list[str] | None = None
    repository_ids: list[int] | None = None
    permissions: dict[str, Level] | None = None


@router.post("/app/installations/{installation_id}/access_tokens")
async def make_token(
    call: Calling, app: AsApp, installation_id: int, wanted: Wanted | None = None
) -> Response:
    wanted = wanted or Wanted()
    found = own_installation(call, app, installation_id)
    if found.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    ids = _repository_ids(call, found, wanted)
    permissions = _permissions(found, wanted.permissions or {})
    fault = call.world.faults.wants("token_life")
    life = INSTALLATION_TOKEN_LIFE if fault is None else timedelta(seconds=fault.duration)
    token = installation_token(call.tables, found, permissions, ids, call.world.clock.now(), life)
    return reply(_view(call, found, token), 201)


@router.delete("/installation/token")
async def revoke_token(call: Calling) -> Response:
    installation_of(call, "revoke it")
    if call.caller.token is not None:
        call.tables.tokens.remove(call.caller.token)
    return no_content()


def _repository_ids(call: Call, installation: Installation, wanted: Wanted) -> list[int] | None:
    """None: all that the installation covers.

    Raises:
        ApiError: 422, it does not cover one of them, or they are too many.
    """
    names, ids = wanted.repositories or [], wanted.repository_ids or []
    if not names and not ids:
        return None
    if len(names) + len(ids) > MAX_REPOSITORIES:
        raise ApiError(422, f"At most {MAX_REPOSITORIES} repositories can be named.")
    reached = {r.name.lower(): r.id for r in covered(call.world, installation)}
    known = set(reached.values())
    if any(n.lower() not in reached for n in names) or any(i not in known for i in ids):
        raise ApiError(422, NOT_REACHED)
    return sorted({*(reached[n.lower()] for n in names), *ids})


def _permissions(installation: Installation, wanted: Mapping[str, Level]) -> dict[str, Level]:
    """Raises ApiError 422 for what the installation was not granted itself."""
    metadata: dict[str, Level] = {"metadata": "read"}
    granted = metadata | installation.permissions
    for name, level in wanted.items():
        if name not in granted or LEVELS.index(granted[name]) < LEVELS.index(level):
            raise ApiError(422, NOT_GRANTED)
    return {**wanted, **metadata} if wanted else granted


def _view(call: Call, installation: Installation, token: Token) -> dict[str, Any]:
    view: dict[str, Any] = {
        "token": token.value,
        "expires_at": maybe_stamp(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": (
            "selected" if token.selected else installation.repository_selection
        ),
    }
    if token.repository_ids is not None:
        rows = [call.tables.repositories[id] for id in token.repository_ids]
        view["repositories"] = [repository_view(call.world, row) for row in rows]
    return view
