"""The issues, pull requests and comments of a repository that were changed since the last sweep.

By GitHub's clock alone: what was changed last is where the next list begins, a little earlier
even, and what it shows once more unchanged is known by its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from bot.github.asking import MOST_PAGES, PAGE
from bot.github.client import Client
from bot.github.errors import NotFound

OVERLAP = timedelta(minutes=2)
"""How far a list may lag behind GitHub itself."""
LISTS = ("./issues", "./issues/comments")


@dataclass(frozen=True)
class Changes:
    """What two lists show."""

    entries: tuple[Mapping[str, Any], ...]
    """Those that are not known as they are now."""
    whole: bool
    """False where there was more than a list shows."""
    cursor: str
    """When the newest of it was changed; empty where there is nothing yet."""
    known: Mapping[str, str]
    """Digests of what the next lists will show once more."""


def changes(client: Client, cursor: str, known: Mapping[str, str], *, first: bool) -> Changes:
    """Since `cursor`; at `first` only the newest, to know where to begin."""
    asked = {"state": "all", "sort": "updated", "direction": "desc"}
    if cursor:
        asked["since"] = _before(cursor)
    most = PAGE if first else PAGE * MOST_PAGES
    lists = [_listed(client, where, asked, most) for where in LISTS]
    found = {entry["node_id"]: entry for listed in lists for entry in listed}
    digests = {node: digest(entry) for node, entry in found.items()}
    cursor = max([cursor, *(str(entry["updated_at"]) for entry in found.values())])
    again = _before(cursor) if cursor else ""
    return Changes(
        entries=tuple(e for node, e in found.items() if known.get(node) != digests[node]),
        whole=all(len(listed) < most for listed in lists),
        cursor=cursor,
        known={n: digests[n] for n, e in found.items() if str(e["updated_at"]) >= again},
    )


def _listed(client: Client, where: str, asked: Mapping[str, str], most: int) -> list[Any]:
    try:
        return list(islice(client.pages(where, **asked), most))
    except NotFound:
        # Issues are switched off there.
        return []


def number_of(entry: Mapping[str, Any]) -> int:
    """Of the issue or pull request that an entry is or belongs to."""
    return int(entry["number"] if "number" in entry else entry["issue_url"].rpartition("/")[2])


def on_pull(entry: Mapping[str, Any]) -> bool:
    """Whether that is a pull request."""
    return "pull_request" in entry or "/pull/" in entry["html_url"]


def labels_of(entry: Mapping[str, Any]) -> frozenset[str]:
    """Of an issue; in small letters, which is how GitHub tells labels apart."""
    return frozenset(str(label["name"]).casefold() for label in entry.get("labels", ()))


def digest(thing: object) -> str:
    """Short, and another one once anything in it is another."""
    text = json.dumps(thing, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[:20]


def _before(cursor: str) -> str:
    moment = datetime.fromisoformat(cursor) - OVERLAP
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def newest(entries: Iterable[Mapping[str, Any]], most: int) -> tuple[Mapping[str, Any], ...]:
    """The ones that were changed last."""
    return tuple(sorted(entries, key=lambda e: str(e["updated_at"]), reverse=True)[:most])
