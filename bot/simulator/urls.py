"""Every address the simulator hands out. Its layout is that of GitHub Enterprise Server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


def base_of(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass(frozen=True)
class Urls:
    base: str
    """Without a slash at its end, e.g. `http://127.0.0.1:4400`."""

    @property
    def api(self) -> str:
        return f"{self.base}/api/v3"

    @property
    def graphql(self) -> str:
        return f"{self.base}/api/graphql"

    def user(self, login: str) -> str:
        return f"{self.api}/users/{quote(login)}"

    def repository(self, full_name: str) -> str:
        """In the API."""
        return f"{self.api}/repos/{full_name}"

    def page(self, full_name: str, *parts: object) -> str:
        """In the browser."""
        return "/".join([self.base, full_name, *map(_quoted, parts)])

    def clone(self, full_name: str) -> str:
        return f"{self.base}/{full_name}.git"


def _quoted(part: object) -> str:
    """Names of refs may hold bytes that are no UTF-8; they keep their value."""
    return quote(str(part), errors="surrogateescape")
