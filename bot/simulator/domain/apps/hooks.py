"""Hooks: made, changed, pinged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, TypedDict
from urllib.parse import urlsplit

from bot.simulator.domain.announcing import event_of
from bot.simulator.domain.zen import proverb
from bot.simulator.errors import ApiError, invalid
from bot.simulator.identity.caller import Caller
from bot.simulator.records.apps import Hook
from bot.simulator.records.repositories import Repository
from bot.simulator.views.hooks import app_hook_view, repository_hook_view
from bot.simulator.webhooks.audience import PERMISSIONS, Recipient
from bot.simulator.world import World

MOST = 20
"""Hooks that a repository may have for one event."""
MAX_URL = 2_000
MAX_SECRET = 1_000
HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
"""A name or an address, in lower case."""

EVENTS = frozenset(PERMISSIONS) | {
    "*",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "gollum",
    "label",
    "meta",
    "package",
    "page_build",
    "project",
    "public",
    "registry_package",
    "release",
    "repository",
    "repository_import",
    "star",
    "team_add",
    "watch",
}


class Config(TypedDict, total=False):
    """What a request says of a hook's configuration; what it leaves out stays."""

    url: str
    secret: str
    content_type: Literal["json", "form"]
    insecure_ssl: Literal["0", "1"]


def check_config(config: Config) -> Config:
    """Raises:
    ApiError: 422 for an address that cannot be posted to.
    """
    url = config.get("url")
    if url is not None and not is_address(url):
        raise invalid("Hook", "url", "custom", "url is not a valid http or https address")
    if len(config.get("secret", "")) > MAX_SECRET:
        raise invalid("Hook", "secret", "custom", f"secret is longer than {MAX_SECRET} characters")
    return config


def is_address(url: str) -> bool:
    """Whether something can be posted to this URL."""
    if len(url) > MAX_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme in ("http", "https") and bool(HOST.fullmatch(host)) and parts.port != 0
    except ValueError:
        return False


def apply_config(hook: Hook, config: Config) -> None:
    for name, value in check_config(config).items():
        setattr(hook, name, value)


def check_events(
    world: World, repository: Repository, events: Sequence[str], own: Hook | None = None
) -> list[str]:
    """The events without repetition.

    Raises:
        ApiError: 422 for what is no event, and for the 21st hook on one.
    """
    chosen = list(dict.fromkeys(events))
    unknown = [name for name in chosen if name not in EVENTS]
    if unknown:
        raise invalid("Hook", "events", "custom", f"unknown events: {', '.join(unknown)[:200]}")
    others = [h for h in world.tables.hooks.where("repository", repository.id) if h is not own]
    for name in chosen:
        if sum(name in other.events for other in others) >= MOST:
            message = f'The "{name}" event cannot have more than {MOST} hooks'
            raise invalid("Hook", "base", "custom", message)
    return chosen


def create_hook(
    world: World,
    caller: Caller,
    repository: Repository,
    config: Config,
    events: Sequence[str],
    active: bool,
) -> Hook:
    """Raises:
    ApiError: 422 for what `check_config` and `check_events` refuse, and for a hook like another.
    """
    if not config.get("url"):
        raise invalid("Hook", "url", "missing_field")
    check_config(config)
    chosen = check_events(world, repository, events)
    for other in world.tables.hooks.where("repository", repository.id):
        if other.url == config["url"] and sorted(other.events) == sorted(chosen):
            message = "Hook already exists on this repository"
            raise ApiError(
                422,
                "Validation Failed",
                [{"resource": "Hook", "code": "custom", "message": message}],
            )
    now = world.clock.now()
    hook = Hook(
        id=world.tables.next_id(),
        repository_id=repository.id,
        events=chosen,
        active=active,
        created_at=now,
        updated_at=now,
        **config,
    )
    world.tables.hooks.add(hook)
    ping(world, caller, hook)
    return hook


def save_hook(world: World, hook: Hook) -> None:
    hook.updated_at = world.clock.now()
    world.tables.hooks.save(hook)


def ping(world: World, caller: Caller, hook: Hook) -> None:
    """Event `ping`, to this hook alone."""
    repository = world.tables.repositories.get(hook.repository_id)
    view = app_hook_view(world, hook) if repository is None else repository_hook_view(world, hook)
    if hook.url and (hook.active or repository is not None):
        objects: dict[str, Any] = {"zen": proverb(hook.id), "hook_id": hook.id, "hook": view}
        event = event_of(world, "ping", None, caller, repository, **objects)
        world.outbox.post(Recipient(hook), event)
