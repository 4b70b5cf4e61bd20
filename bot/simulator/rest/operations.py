"""All operations of the API as one route of the application, found without trying each."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

TOP, KIND = 0, 3
"""The segments that tell operations apart: `/repos/{owner}/{repo}/issues/...`."""


class Operations(BaseRoute):
    """What begins with `prefix`: the first operation whose template fits answers, else `unknown`.

    FastAPI tries hundreds of templates one after the other, twice; here only those are tried
    whose telling segments are those of the path.
    """

    def __init__(self, prefix: str, routers: Sequence[APIRouter], unknown: ASGIApp) -> None:
        self._prefix = prefix
        self._unknown = unknown
        self._routes: list[tuple[APIRoute, list[str]]] = []
        for router in routers:
            for route in router.routes:
                assert isinstance(route, APIRoute), f"{route} is no operation"
                self._routes.append((route, route.path.split("/")[1:]))
        self._literals = tuple(
            {s[place] for _, s in self._routes if len(s) > place and not s[place].startswith("{")}
            for place in (TOP, KIND)
        )
        self._found: dict[tuple[str, str, str], list[APIRoute]] = {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"].startswith(f"{self._prefix}/"):
            return Match.FULL, {}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = scope["path"][len(self._prefix) :]
        if "\n" in inner:
            # A template's end would also fit before a line break.
            await self._unknown(scope, receive, send)
            return
        # As a mounted application sees it: templates are those below the prefix.
        child = {**scope, "root_path": scope.get("root_path", "") + self._prefix}
        for route in self.candidates(scope["method"], inner.split("/")[1:]):
            match, values = route.matches(child)
            if match is Match.FULL:
                child.update(values)
                await route.handle(child, receive, send)
                return
        await self._unknown(scope, receive, send)

    def candidates(self, method: str, segments: list[str]) -> list[APIRoute]:
        """In their order, as of two templates that fit the first one wins."""
        top, kind = (
            self._literal(segments, place, known)
            for place, known in zip((TOP, KIND), self._literals, strict=True)
        )
        key = (method, top, kind)
        if key not in self._found:
            self._found[key] = [
                route
                for route, own in self._routes
                if method in (route.methods or ())
                and _fits(own, TOP, top)
                and _fits(own, KIND, kind)
            ]
        return self._found[key]

    def _literal(self, segments: list[str], place: int, known: set[str]) -> str:
        """The segment if some template names it, so that there are few keys; else empty."""
        segment = segments[place] if len(segments) > place else ""
        return segment if segment in known else ""


def _fits(template: list[str], place: int, segment: str) -> bool:
    """Whether the template can fit a path that has this segment there."""
    if any(":path}" in part for part in template[: place + 1]):
        return True
    if len(template) <= place:
        return segment == ""
    return template[place].startswith("{") or template[place] == segment
