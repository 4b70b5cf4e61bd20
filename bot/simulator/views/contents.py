"""Files and directories, as the contents API shows them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.simulator.git import Entry
from bot.simulator.records.repositories import Repository
from bot.simulator.views.commits import quoted, readable
from bot.simulator.views.refs import object_url
from bot.simulator.world import World

LINE = 60
"""Characters of a line of base64."""
INLINE = 1 << 20
"""Bytes; the content of a larger file has to be asked for raw."""


@dataclass(frozen=True)
class Place:
    """Where in which repository, and at which revision, as it was named."""

    world: World
    repository: Repository
    ref: str

    def url(self, path: str) -> str:
        full_name = self.world.full_name(self.repository)
        contents = f"{self.world.urls.repository(full_name)}/contents"
        return f"{contents}/{quoted(path)}?ref={quote(self.ref, safe='')}"

    def page(self, kind: str, path: str) -> str:
        full_name = self.world.full_name(self.repository)
        return f"{self.world.urls.page(full_name, kind, self.ref)}/{quoted(path)}"


def kind_of_entry(entry: Entry) -> str:
    if entry.type == "tree":
        return "dir"
    if entry.type == "commit":
        return "submodule"
    return "symlink" if entry.mode == "120000" else "file"


def entry_view(place: Place, entry: Entry) -> dict[str, Any]:
    """What the views of all kinds of entries have."""
    kind = kind_of_entry(entry)
    url = place.url(entry.path)
    git_url = None
    if entry.type != "commit":
        git_url = object_url(place.world, place.repository, entry.type, entry.sha)
    page = place.page("tree" if kind in ("dir", "submodule") else "blob", entry.path)
    return {
        "name": readable(entry.path.rpartition("/")[2]),
        "path": readable(entry.path),
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": place.page("raw", entry.path) if kind in ("file", "symlink") else None,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": page},
    }


def directory_view(place: Place, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Submodules are called files here, which GitHub keeps for old clients."""
    views = [entry_view(place, entry) for entry in entries]
    return [view | {"type": "file"} if view["type"] == "submodule" else view for view in views]


def file_view(place: Place, entry: Entry, data: bytes | None) -> dict[str, Any]:
    """`data` is None where the file is larger than what goes into the answer."""
    content, encoding = ("", "none") if data is None else (encoded(data), "base64")
    return entry_view(place, entry) | {"content": content, "encoding": encoding}


def encoded(data: bytes) -> str:
    """base64 in lines, as GitHub sends it."""
    text = base64.b64encode(data).decode()
    return "".join(f"{text[at : at + LINE]}\n" for at in range(0, len(text), LINE))
