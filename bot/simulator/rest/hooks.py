"""The hooks of a repository, and their deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from bot.simulator.domain.apps.hooks import (
    apply_config,
    check_config,
    check_events,
    create_hook,
    ping,
    save_hook,
)
from bot.simulator.domain.repositories.pushes import latest_push
from bot.simulator.errors import invalid, not_accessible, not_found
from bot.simulator.identity.rights import has_permission, has_role
from bot.simulator.records.accounts import Level
from bot.simulator.records.apps import Hook
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.deliveries import attempt_again, list_deliveries, show_delivery
from bot.simulator.rest.hook_bodies import ConfigBody
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.hooks import config_view, repository_hook_view
from bot.simulator.webhooks.audience import Recipient

router = router_for("hooks")

HOOKS = "/repos/{owner}/{repo}/hooks"
PUSHES = ("push",)
"""What a hook hears of that does not say."""
ONE = HOOKS + "/{hook_id}"


class NewHook(Body):
    name: str = "web"
    config: ConfigBody | None = None
    events: list[str] | None = None
    active: bool = True


class HookEdit(Body):
    config: ConfigBody | None = None
    events: list[str] | None = None
    add_events: list[str] | None = None
    remove_events: list[str] | None = None
    active: bool | None = None


def _require(here: Here, level: Level) -> None:
    """Hooks are for admins, also to look at; others are not told that there could be any.

    Raises:
        ApiError: 404 for people, 403 for Apps without `repository_hooks`.
    """
    if here.caller.is_bot:
        if not has_permission(here.caller, here.repository, "repository_hooks", level):
            raise not_accessible()
    elif not here.caller.is_user or not has_role(
        here.tables, here.caller, here.repository, "admin"
    ):
        raise not_found()


def _found(here: Here, hook_id: int, level: Level) -> Hook:
    _require(here, level)
    hook = here.tables.hooks.get(hook_id)
    if hook is None or hook.repository_id != here.repository.id:
        raise not_found()
    return hook


async def _readable(here: AtRepository, hook_id: int) -> Hook:
    return _found(here, hook_id, "read")


async def _writable(here: AtRepository, hook_id: int) -> Hook:
    return _found(here, hook_id, "write")


Readable = Annotated[Hook, Depends(_readable)]
Writable = Annotated[Hook, Depends(_writable)]


@router.get(HOOKS)
async def hooks(here: AtRepository) -> Response:
    _require(here, "read")
    rows = here.tables.hooks.where("repository", here.repository.id)
    return paginate(here.request, rows, lambda row: repository_hook_view(here.world, row))


@router.post(HOOKS)
async def add_hook(here: AtRepository, wanted: NewHook) -> Response:
    _require(here, "write")
    if wanted.name != "web":
        raise invalid("Hook", "name")
    config = wanted.config.config() if wanted.config else {}
    hook = create_hook(
        here.world, here.caller, here.repository, config, wanted.events or PUSHES, wanted.active
    )
    return created(repository_hook_view(here.world, hook))


@router.get(ONE)
async def hook(here: AtRepository, found: Readable) -> Response:
    return reply(repository_hook_view(here.world, found))


@router.patch(ONE)
async def change_hook(here: AtRepository, found: Writable, wanted: HookEdit) -> Response:
    """A config replaces the one there was: a secret that it leaves out is gone."""
    events = found.events if wanted.events is None else wanted.events
    events = [*events, *(wanted.add_events or ())]
    chosen = check_events(
        here.world,
        here.repository,
        [name for name in events if name not in (wanted.remove_events or ())],
        own=found,
    )
    if wanted.config is not None:
        config = check_config(wanted.config.config())
        if not config.get("url"):
            raise invalid("Hook", "url", "missing_field")
        found.secret, found.content_type, found.insecure_ssl = "", "form", "0"
        apply_config(found, config)
    found.events = chosen
    if wanted.active is not None:
        found.active = wanted.active
    save_hook(here.world, found)
    return reply(repository_hook_view(here.world, found))


@router.delete(ONE)
async def remove_hook(here: AtRepository, found: Writable) -> Response:
    for row in here.tables.deliveries.where("hook", found.id):
        here.tables.deliveries.remove(row)
    here.tables.hooks.remove(found)
    return no_content()


@router.get(ONE + "/config")
async def hook_config(found: Readable) -> Response:
    return reply(config_view(found))


@router.patch(ONE + "/config")
async def change_config(here: AtRepository, found: Writable, wanted: ConfigBody) -> Response:
    """What is left out stays."""
    apply_config(found, wanted.config())
    save_hook(here.world, found)
    return reply(config_view(found))


@router.post(ONE + "/pings")
async def ping_hook(here: AtRepository, found: Readable) -> Response:
    ping(here.world, here.caller, found)
    return no_content()


@router.post(ONE + "/tests")
async def test_hook(here: AtRepository, found: Readable) -> Response:
    """Sends the latest push again, to a hook that hears of pushes."""
    if {"push", "*"} & set(found.events) and found.active:
        event = await latest_push(here.world, here.caller, here.repository)
        if event is not None:
            here.world.outbox.post(Recipient(found), event)
    return no_content()


@router.get(ONE + "/deliveries")
async def deliveries(here: AtRepository, found: Readable) -> Response:
    return list_deliveries(here, found)


@router.get(ONE + "/deliveries/{delivery_id}")
async def delivery(here: AtRepository, found: Readable, delivery_id: int) -> Response:
    return show_delivery(here, found, delivery_id)


@router.post(ONE + "/deliveries/{delivery_id}/attempts")
async def redeliver(here: AtRepository, found: Writable, delivery_id: int) -> Response:
    return attempt_again(here, found, delivery_id)
