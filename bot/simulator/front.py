"""What every request meets first: whether it is for us at all, and its method."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.simulator.errors import ApiError
from bot.simulator.surface import surface_of

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class FrontDoor:
    """ASGI middleware. HEAD is answered like GET, the server leaves the body out."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app = app
        self.base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if not is_ours(host, self.base):
            return _refused(421, "This GitHub is not known by that host name.")
        if scope["method"] not in METHODS:
            return _refused(405, "Method Not Allowed")
        if scope["method"] == "OPTIONS" and surface_of(scope["path"]) == "api":
            # GitHub lets the pages of any site call its API. Ours holds somebody's private code.
            return Response(status_code=204)
        return None


@lru_cache(maxsize=256)
def is_ours(host: str, base: str) -> bool:
    """Whether a Host header names this machine or our own address.

    Other names are refused, as they may be a stranger's, made to point here (DNS rebinding).
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if name is None:
        return False
    if name == "localhost" or name.endswith(".localhost") or name == urlsplit(base).hostname:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine's own."""
    try:
        address = ip_address(host)
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return (mapped or address).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(status: int, message: str) -> Response:
    body = to_json(ApiError(status, message).body())
    return Response(body, status, media_type="application/json; charset=utf-8")
