"""The first page, the pages of owners, and what every page needs: style, script, acting-as."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.errors import not_found
from bot.simulator.front import is_loopback
from bot.simulator.identity.rights import may_see
from bot.simulator.pages.acting import act_as
from bot.simulator.pages.assets import BASE, CONTENT, KINDS
from bot.simulator.pages.forms import Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.rendering import page
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.seed import APP_SLUG

router = pages_router()


@router.get("/")
async def first_page(call: Calling) -> Response:
    tables = call.tables
    app = tables.apps.one("slug", APP_SLUG)
    hook = None if app is None else tables.hooks.one("app", app.id)
    client, mine = call.request.client, call.caller.token
    near = client is None or is_loopback(client.host)
    return page(
        call.request,
        "home.html",
        repositories=[r for r in tables.repositories if _visible(call, r)],
        app=app,
        hook=hook,
        token=mine.value if mine and near else None,
    )


@router.get(BASE + "/{name}")
async def asset(name: str) -> Response:
    if name not in KINDS:
        raise not_found()
    lasting = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(CONTENT[name], headers=lasting, media_type=KINDS[name])


@router.get("/favicon.ico")
async def icon() -> Response:
    return Response(CONTENT["icon.svg"], media_type=KINDS["icon.svg"])


@router.post("/_simulator/act")
async def choose_person(call: Calling, form: Form) -> Response:
    return act_as(call.world, call.request, form.text("login"))


@router.get("/{login}")
async def owner(call: Calling, login: str) -> Response:
    account = call.tables.accounts.one("login", login.lower())
    if account is None:
        raise not_found()
    owned = [r for r in call.tables.repositories.where("owner", account.id) if _visible(call, r)]
    return page(call.request, "owner.html", owner=account, repositories=owned)


def _visible(call: Call, repository: Repository) -> bool:
    return may_see(call.tables, call.caller, repository)
