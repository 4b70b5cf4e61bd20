"""What was just made, as far as an event names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.simulator.events import Event

BEGINNINGS = {"opened", "created", "requested", "submitted", "queued", "in_progress"}
ADDRESSES = ("url", "issue_url")


def born_in(event: Event, api: str) -> Iterator[str]:
    """The paths in the API of the objects that this event says were made."""
    if event.name == "push":
        yield from _pushed(event.payload)
    if event.action not in BEGINNINGS:
        return
    for name, value in event.payload.items():
        if isinstance(value, dict) and name in _NAMED.get(event.name, (event.name,)):
            yield from _paths(value, api)


def _pushed(payload: dict[str, Any]) -> Iterator[str]:
    """The new commits, and the ref if it is new, too."""
    repository = f"/repos/{payload['repository']['full_name']}"
    for commit in payload["commits"]:
        yield f"{repository}/commits/{commit['id']}"
        yield f"{repository}/git/commits/{commit['id']}"
    if payload["created"]:
        ref = payload["ref"].removeprefix("refs/")
        yield f"{repository}/git/ref/{ref}"
        yield f"{repository}/branches/{ref.removeprefix('heads/')}"


_NAMED = {
    "issues": ("issue",),
    "issue_comment": ("comment",),
    "pull_request_review": ("review",),
    "pull_request_review_comment": ("comment",),
}


def _paths(value: dict[str, Any], api: str) -> Iterator[str]:
    for key in ADDRESSES:
        url = value.get(key)
        if isinstance(url, str) and url.startswith(f"{api}/"):
            yield url.removeprefix(api)
