"""The App as it sees itself, and as everybody sees it."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.domain.apps.manifests import convert
from bot.simulator.errors import not_found
from bot.simulator.rest.apps.callers import AsApp
from bot.simulator.rest.replies import paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Calling
from bot.simulator.views.apps import app_view

router = router_for("apps")


@router.get("/app")
async def own_app(call: Calling, app: AsApp) -> Response:
    count = call.tables.installations.count("app", app.id)
    return reply(app_view(call.world, app) | {"installations_count": count})


@router.get("/apps/{slug}")
async def app_named(call: Calling, slug: str) -> Response:
    app = call.tables.apps.one("slug", slug)
    if app is None:
        raise not_found()
    return reply(app_view(call.world, app))


@router.get("/app/installation-requests")
async def installation_requests(call: Calling, app: AsApp) -> Response:
    """Nobody here must ask an owner first."""
    return paginate(call.request, [], lambda row: row)


@router.post("/app-manifests/{code}/conversions")
async def convert_manifest(call: Calling, code: str) -> Response:
    """Whoever has the code gets the App's credentials: they come from here only."""
    app, hook, private_key = convert(call.world, code)
    credentials = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "webhook_secret": None if hook is None else hook.secret,
        "pem": private_key,
    }
    return reply(app_view(call.world, app) | credentials, 201)
