"""From an address to a revision and a path in it: `/tree/feature/x/lib/a.ex`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from bot.simulator.git import BareRepository

HEADS, TAGS = "refs/heads/", "refs/tags/"
MOST_PARTS = 100
"""Of the name of a ref; what is longer is searched for a name of that length."""


@dataclass(frozen=True)
class Place:
    """`name` is the revision as it was asked for, `sha` its commit."""

    name: str
    sha: str
    path: str

    @property
    def parts(self) -> list[tuple[str, str]]:
        """(name, path down to it) of each folder and the file, for the way back up."""
        names = self.path.split("/") if self.path else []
        return [(name, "/".join(names[: i + 1])) for i, name in enumerate(names)]

    @property
    def above(self) -> list[str]:
        """The path of the folder around it; nothing for the top."""
        return [path for _, path in self.parts[-2:-1]]


async def place_of(git: BareRepository, address: str) -> Place:
    """The longest name of a branch or tag that `address` begins with, else its first part.

    Raises:
        UnknownObject: there is no such revision.
    """
    parts = address.strip("/").split("/")
    for count in range(min(len(parts), MOST_PARTS), 0, -1):
        name = "/".join(parts[:count])
        if git.ref(HEADS + name) or git.ref(TAGS + name) or git.ref(name):
            break
    return Place(name, await git.resolve(name), "/".join(parts[count:]))


def rest_of(request: Request) -> str:
    """What follows `/{owner}/{repo}/{kind}/` in the address, with bytes that are no UTF-8 kept."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    rest = raw.split(b"/", 4)[4:]
    return unquote_to_bytes(rest[0]).decode("utf-8", "surrogateescape") if rest else ""
