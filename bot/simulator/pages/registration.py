"""Registering an App from its manifest and installing it: the pages between two redirects."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.responses import RedirectResponse, Response

from bot.simulator.domain.apps.installations import covered, install, installation_on, select
from bot.simulator.domain.apps.manifests import (
    MAX_NAME,
    check_name,
    read_manifest,
    register,
    with_query,
)
from bot.simulator.errors import ApiError, not_found
from bot.simulator.pages.control.apps import may_administer
from bot.simulator.pages.forms import Fields, Form
from bot.simulator.pages.gate import HEADERS, open_router, pages_router
from bot.simulator.pages.rendering import page
from bot.simulator.records.accounts import Account
from bot.simulator.records.apps import App, Installation
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.scope import Call, Calling

router = pages_router()
"""Obeys our own pages only."""
incoming = open_router()
"""Takes the form that a bot's own page sends; it changes nothing but asks first."""

MAX_STATE = 1_000
CSP = "content-security-policy"


@incoming.post("/settings/apps/new")
async def ask_for_user(call: Calling, form: Form) -> Response:
    return _confirmation(call, form, None)


@incoming.post("/organizations/{org}/settings/apps/new")
async def ask_for_organization(call: Calling, form: Form, org: str) -> Response:
    return _confirmation(call, form, org)


def _confirmation(call: Call, form: Fields, org: str | None) -> Response:
    owner = _owner(call, org)
    manifest = read_manifest(form.text("manifest"))
    state = call.request.query_params.get("state") or form.text("state")
    response = page(
        call.request,
        "apps/register.html",
        owner=owner,
        manifest=manifest,
        text=form.text("manifest"),
        state=state[:MAX_STATE],
        longest=MAX_NAME,
    )
    return _leading_to(response, manifest.redirect_url)


@router.post("/settings/apps")
async def register_app(call: Calling, form: Form) -> Response:
    """Leads back to the bot with the code for the App's credentials."""
    owner = _owner(call, form.text("owner"))
    manifest = read_manifest(form.text("manifest"))
    name = form.text("name").strip()
    check_name(call.world, name)
    code = await register(call.world, call.caller, owner, manifest, name)
    target = with_query(manifest.redirect_url, code=code, state=form.text("state")[:MAX_STATE])
    return RedirectResponse(target, 302)


def _owner(call: Call, login: str | None) -> Account:
    """Whose App it is to be: the user's own, or an organization's.

    Raises:
        ApiError: 401 for nobody, 404 for an account that the user does not administer.
    """
    actor = call.actor()
    if not login or login.lower() == actor.login.lower():
        return actor
    found = call.tables.accounts.one("login", login.lower())
    if found is None or not may_administer(call, found):
        raise not_found()
    return found


async def _app(call: Calling, slug: str) -> App:
    app = call.tables.apps.one("slug", slug)
    if app is None:
        raise not_found()
    return app


Named = Annotated[App, Depends(_app)]


@router.get("/apps/{slug}/installations/new")
async def installation_form(call: Calling, app: Named) -> Response:
    call.actor()
    places = [
        (account, installation_on(call.world, app, account), _owned(call, account))
        for account in call.tables.accounts
        if may_administer(call, account) and (app.public or account.id == app.owner_id)
    ]
    response = page(
        call.request,
        "apps/install.html",
        app=app,
        places=places,
        covered=lambda found: covered(call.world, found),
        state=call.request.query_params.get("state", "")[:MAX_STATE],
    )
    return _leading_to(response, app.setup_url)


@router.get("/settings/installations/{id:int}")
@router.get("/organizations/{org}/settings/installations/{id:int}")
async def installation_page(call: Calling, id: int) -> Response:
    """Where the API says that an installation's page is."""
    found = call.tables.installations.get(id)
    if found is None:
        raise not_found()
    app = call.tables.apps[found.app_id]
    return RedirectResponse(f"/apps/{app.slug}/installations/new", 302)


@router.post("/apps/{slug}/installations/new")
async def install_app(call: Calling, app: Named, form: Form) -> Response:
    """Installs it, or changes what an installation covers; leads on to where the App says."""
    account = _owner(call, form.text("account"))
    if not app.public and account.id != app.owner_id:
        raise ApiError(403, f"{app.name} is private to its owner.")
    chosen = _chosen(call, form, account)
    found = installation_on(call.world, app, account)
    action = "install" if found is None else "update"
    if found is None:
        found = install(call.world, call.caller, app, account, chosen)
    else:
        select(call.world, call.caller, found, chosen)
    return RedirectResponse(_next(app, found, action, form.text("state")[:MAX_STATE]), 303)


def _chosen(call: Call, form: Fields, account: Account) -> list[Repository] | None:
    """Raises ApiError 422 when only some are wanted, but none is named."""
    if form.text("selection", "all") == "all":
        return None
    numbers = set(form.numbers("repository"))
    chosen = [r for r in _owned(call, account) if r.id in numbers]
    if not chosen:
        raise ApiError(422, "Choose at least one repository.")
    return chosen


def _owned(call: Call, account: Account) -> list[Repository]:
    return call.tables.repositories.where("owner", account.id)


def _next(app: App, installation: Installation, action: str, state: str) -> str:
    if app.setup_url is None:
        return f"/apps/{app.slug}/installations/new"
    return with_query(
        app.setup_url, installation_id=installation.id, setup_action=action, state=state
    )


def _leading_to(response: Response, url: str | None) -> Response:
    """Browsers hold redirects after a form to the policy of the form's page."""
    if url is not None:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        allowed = f"form-action 'self' {origin}"
        response.headers[CSP] = HEADERS[CSP].replace("form-action 'self'", allowed)
    return response
