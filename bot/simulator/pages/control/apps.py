"""Apps and where they are installed."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.simulator.domain.apps.installations import (
    accept_permissions,
    covered,
    suspend,
    uninstall,
    unsuspend,
)
from bot.simulator.errors import ApiError, not_found
from bot.simulator.identity.rights import may_see, role_of
from bot.simulator.pages.forms import Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.rendering import page
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.scope import Call, Calling

router = pages_router()

TURNS = {
    "suspend": suspend,
    "unsuspend": unsuspend,
    "uninstall": uninstall,
    "accept": accept_permissions,
}


@router.get("/_simulator/apps")
async def apps(call: Calling) -> Response:
    return page(call.request, "control/apps.html", apps=list(call.tables.apps))


@router.get("/apps/{slug}")
async def app(call: Calling, slug: str) -> Response:
    found = call.tables.apps.one("slug", slug)
    if found is None:
        raise not_found()
    installations = [
        (row, call.tables.accounts[row.account_id], _seen(call, covered(call.world, row)))
        for row in call.tables.installations.where("app", found.id)
    ]
    return page(
        call.request,
        "control/app.html",
        app=found,
        hook=call.tables.hooks.one("app", found.id),
        installations=installations,
        may_administer=lambda account: may_administer(call, account),
    )


def _seen(call: Call, repositories: list[Repository]) -> list[Repository]:
    return [each for each in repositories if may_see(call.tables, call.caller, each)]


@router.post("/_simulator/installations/{id:int}")
async def turn_installation(call: Calling, id: int, form: Form) -> Response:
    found = call.tables.installations.get(id)
    turn = TURNS.get(form.text("turn"))
    if found is None or turn is None:
        raise not_found()
    _require(call, call.tables.accounts[found.account_id])
    turn(call.world, call.caller, found)
    return RedirectResponse(f"/apps/{call.tables.apps[found.app_id].slug}", 303)


def _require(call: Call, account: Account) -> None:
    call.actor()
    if not may_administer(call, account):
        raise ApiError(403, f"Only who administers {account.login} may do that.")


def may_administer(call: Call, account: Account) -> bool:
    """An owner, here: who is admin of a repository of the account, or the account itself."""
    actor = call.caller.actor
    if actor is None or account.type == "Bot":
        return False
    owned = call.tables.repositories.where("owner", account.id)
    return actor.id == account.id or any(
        role_of(call.tables, actor.id, repository) == "admin" for repository in owned
    )
