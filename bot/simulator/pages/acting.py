"""Acting as one of the simulator's people, which is what signing in is here."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.simulator.identity.caller import ANONYMOUS, Caller
from bot.simulator.records.accounts import Account
from bot.simulator.world import World

COOKIE = "acting_as"
NOBODY = "-"
FIRST = "admin"
"""Who a visitor is before choosing: whoever started the simulator owns what is in it."""


def people(world: World) -> list[Account]:
    """Who can be acted as, in the order in which they joined."""
    return [a for a in world.tables.accounts if a.type == "User"]


def caller_of(world: World, request: Request) -> Caller:
    login = request.cookies.get(COOKIE, FIRST)
    account = world.tables.accounts.one("login", login.lower())
    if account is None or account.type != "User":
        return ANONYMOUS
    token = world.tables.tokens.one("account", account.id)
    return Caller(actor=account, token=token)


def act_as(world: World, request: Request, login: str) -> Response:
    """Remembers the choice and goes back to the page it was made on."""
    chosen = next((a.login for a in people(world) if a.login == login), NOBODY)
    response = RedirectResponse(way_back(request), 303)
    response.set_cookie(COOKIE, chosen, httponly=True, samesite="strict", path="/")
    return response


def way_back(request: Request, fallback: str = "/") -> str:
    """The path of the page that the visitor came from, if it is one of ours."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return fallback
    if parts.netloc != request.headers.get("host") or not parts.path.startswith("/"):
        return fallback
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{parts.query}" if parts.query else path
