"""The App's own hook: where its events go, and what became of them."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.domain.apps.hooks import apply_config, ping, save_hook
from bot.simulator.errors import not_found
from bot.simulator.records.apps import App, Hook
from bot.simulator.rest.apps.callers import AsApp
from bot.simulator.rest.deliveries import attempt_again, list_deliveries, show_delivery
from bot.simulator.rest.hook_bodies import ConfigBody
from bot.simulator.rest.replies import reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.hooks import config_view

router = router_for("apps")


@router.get("/app/hook/config")
async def hook_config(call: Calling, app: AsApp) -> Response:
    return reply(config_view(_hook(call, app)))


@router.patch("/app/hook/config")
async def change_hook_config(call: Calling, app: AsApp, wanted: ConfigBody) -> Response:
    """An address makes the hook active; the first one is pinged."""
    hook = _hook(call, app)
    first = not hook.url
    apply_config(hook, wanted.config())
    hook.active = hook.active or (first and bool(hook.url))
    save_hook(call.world, hook)
    if first:
        ping(call.world, call.caller, hook)
    return reply(config_view(hook))


@router.get("/app/hook/deliveries")
async def deliveries(call: Calling, app: AsApp) -> Response:
    return list_deliveries(call, _hook(call, app))


@router.get("/app/hook/deliveries/{delivery_id}")
async def delivery(call: Calling, app: AsApp, delivery_id: int) -> Response:
    return show_delivery(call, _hook(call, app), delivery_id)


@router.post("/app/hook/deliveries/{delivery_id}/attempts")
async def redeliver(call: Calling, app: AsApp, delivery_id: int) -> Response:
    return attempt_again(call, _hook(call, app), delivery_id)


def _hook(call: Call, app: App) -> Hook:
    """Raises ApiError 404 for an App that wants no events."""
    hook = call.tables.hooks.one("app", app.id)
    if hook is None:
        raise not_found()
    return hook
