"""Which of GitHub's faces an address belongs to."""

from __future__ import annotations

import re
from typing import Literal

Surface = Literal["api", "git"]

API = "/api/v3"
GRAPHQL = "/api/graphql"

_GIT = re.compile(r"/[^/]+/[^/]+/(info/refs|git-upload-pack|git-receive-pack)")


def surface_of(path: str) -> Surface | None:
    """REST and GraphQL, or git over HTTP; None for pages and the simulator's own controls."""
    if path.startswith(f"{API}/") or path in (API, GRAPHQL):
        return "api"
    return "git" if _GIT.fullmatch(path) else None


def path_in(path: str) -> str:
    """As callers name it: `/repos/…`, `/graphql`, `/acme/shop.git/info/refs`."""
    if path == GRAPHQL:
        return "/graphql"
    return path.removeprefix(API) or "/"
