"""A delivery that somebody kept in a file, and what came or would come of it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.events import PLAN, Hint, hint_of
from bot.core.lifecycle.commands import Command
from bot.errors import Unusable
from bot.flows.react.config_watch import watch_branch, watch_pull
from bot.flows.react.loop import Reaction, Reactor
from bot.flows.react.post import Post
from bot.settings import Settings

LARGEST = 64 * 1024 * 1024
EVENT = re.compile(r"[a-z_]{1,64}\Z")


@dataclass(frozen=True)
class Recorded:
    """A delivery as it was kept."""

    guid: str
    event: str
    payload: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, event: str = "") -> Recorded:
        """From GitHub's `GET /app/hook/deliveries/ID`, from headers and payload, or a payload.

        `event` is what a payload alone does not tell. Raises `Unusable`.
        """
        document = _json(path)
        request = document.get("request", document)
        if isinstance(request, dict) and isinstance(request.get("payload"), dict):
            headers = _headers(request.get("headers"))
            named = headers.get("x-github-event") or str(document.get("event", ""))
            guid = headers.get("x-github-delivery") or str(document.get("guid", ""))
            payload = request["payload"]
        else:
            named, guid, payload = "", "", document
        event = event or named
        if not EVENT.match(event):
            raise Unusable(
                f"{path} does not say which event it is",
                hint="name it, as X-GitHub-Event does: --event issues",
            )
        return cls(guid or "replay", event, payload)


@dataclass(frozen=True)
class Replayed:
    """What came of it for one plan."""

    repository: str
    plan: str
    reaction: Reaction
    would: tuple[Command, ...]
    """In a dry run: the writes that would be made next."""


def replay(
    settings: Settings,
    recorded: Recorded,
    *,
    dry: bool,
    told: Callable[[Hint], None] = lambda hint: None,
) -> tuple[Replayed, ...]:
    """React to it, or with `dry` only say how; nothing is kept here, a server may run beside.

    Empty where it is not about a plan. Raises `Unusable` where it does not read.
    """
    with tempfile.TemporaryDirectory(prefix="genesis-replay-") as folder:
        post = Post.open(settings.model_copy(update={"state_dir": Path(folder)}))
        try:
            hint = _hint(recorded, post.ourselves)
            if hint is None:
                return ()
            told(hint)
            if hint.scope == "config":
                _looked_at_config(post, hint, dry)
                return ()
            return tuple(
                _replayed(post, hint, repository, plan, dry)
                for repository, plan in _plans(post, hint)
            )
        finally:
            post.app.close()


def _hint(recorded: Recorded, ourselves: str) -> Hint | None:
    try:
        return hint_of(recorded.guid, recorded.event, recorded.payload, ourselves=ourselves)
    except ValueError as error:
        raise Unusable(f"that is no delivery of GitHub's: {error}") from error


def _looked_at_config(post: Post, hint: Hint, dry: bool) -> None:
    if dry:
        return
    installation = hint.installation or post.app.installation_of(hint.repository)
    with post.client(installation, hint.repository) as client:
        if hint.pull:
            watch_pull(post, client, hint.pull)
        else:
            watch_branch(post, client)


def _replayed(post: Post, hint: Hint, repository: str, plan: str, dry: bool) -> Replayed:
    would: list[Command] = []
    installation = hint.installation or post.app.installation_of(repository)
    with post.client(installation, repository) as client:
        reactor = Reactor(post, client, plan, hint, would.append if dry else None)
        return Replayed(repository, plan, reactor.react(), tuple(would))


def _plans(post: Post, hint: Hint) -> Iterator[tuple[str, str]]:
    if hint.scope == "plan":
        yield hint.repository, hint.plan
        return
    one = hint.scope == "repository"
    listed = () if one else post.repositories(hint.installation)
    names = [hint.repository] if one else [str(repository["full_name"]) for repository in listed]
    for name in names:
        installation = hint.installation or post.app.installation_of(name)
        with post.client(installation, name) as client:
            tips = post.store(client).tips()
        for plan in sorted(filter(PLAN.match, tips), key=int):
            yield name, plan


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise Unusable(f"{path} is larger than any delivery")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise Unusable(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unusable(f"{path} holds no JSON object")
    return document


def _headers(found: Any) -> dict[str, str]:
    named = found if isinstance(found, dict) else {}
    return {str(name).lower(): str(value) for name, value in named.items()}
