"""Where an App is installed: asked by the App, by its installations, by people."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.domain.apps.installations import (
    covered,
    installation_on,
    select,
    suspend,
    uninstall,
    unsuspend,
)
from bot.simulator.errors import ApiError, not_found
from bot.simulator.identity.rights import reaches, role_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.apps import App, Installation
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.apps.callers import AsApp, installation_of
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.installations import installation_view
from bot.simulator.views.repositories import repository_view

router = router_for("apps")


def own_installation(call: Call, app: App, id: int) -> Installation:
    """Raises ApiError 404 for what is not there or another App's."""
    found = call.tables.installations.get(id)
    if found is None or found.app_id != app.id:
        raise not_found()
    return found


@router.get("/app/installations")
async def installations(call: Calling, app: AsApp) -> Response:
    rows = call.tables.installations.where("app", app.id)
    return paginate(call.request, rows, lambda row: installation_view(call.world, row))


@router.get("/app/installations/{installation_id}")
async def installation(call: Calling, app: AsApp, installation_id: int) -> Response:
    return reply(installation_view(call.world, own_installation(call, app, installation_id)))


@router.delete("/app/installations/{installation_id}")
async def remove_installation(call: Calling, app: AsApp, installation_id: int) -> Response:
    uninstall(call.world, call.caller, own_installation(call, app, installation_id))
    return no_content()


@router.put("/app/installations/{installation_id}/suspended")
async def suspend_installation(call: Calling, app: AsApp, installation_id: int) -> Response:
    suspend(call.world, call.caller, own_installation(call, app, installation_id))
    return no_content()


@router.delete("/app/installations/{installation_id}/suspended")
async def unsuspend_installation(call: Calling, app: AsApp, installation_id: int) -> Response:
    unsuspend(call.world, call.caller, own_installation(call, app, installation_id))
    return no_content()


@router.get("/repos/{owner}/{repo}/installation")
async def installation_of_repository(call: Calling, app: AsApp, owner: str, repo: str) -> Response:
    repository = call.world.repository_named(owner, repo)
    account = None if repository is None else call.world.owner(repository)
    found = None if account is None else installation_on(call.world, app, account)
    if found is None or repository not in covered(call.world, found):
        raise not_found()
    return reply(installation_view(call.world, found))


@router.get("/orgs/{org}/installation")
async def installation_of_organization(call: Calling, app: AsApp, org: str) -> Response:
    return _of_account(call, app, call.tables.accounts.one("login", org.lower()), "Organization")


@router.get("/users/{username}/installation")
async def installation_of_user(call: Calling, app: AsApp, username: str) -> Response:
    account = call.tables.accounts.one("login", username.lower())
    return _of_account(call, app, account, None if account is None else account.type)


def _of_account(call: Call, app: App, account: Account | None, kind: str | None) -> Response:
    if account is None or account.type != kind:
        raise not_found()
    found = installation_on(call.world, app, account)
    if found is None:
        raise not_found()
    return reply(installation_view(call.world, found))


@router.get("/installation/repositories")
async def installation_repositories(call: Calling) -> Response:
    found = installation_of(call, "list repositories for an installation")
    rows = [r for r in covered(call.world, found) if reaches(call.caller, r)]
    selected = call.caller.token is not None and call.caller.token.selected
    return paginate(
        call.request,
        rows,
        lambda row: repository_view(call.world, row),
        envelope="repositories",
        repository_selection="selected" if selected else found.repository_selection,
    )


@router.get("/user/installations")
async def user_installations(call: Calling) -> Response:
    """Those on accounts where the user has a role in some repository that they cover."""
    call.person()
    rows = [i for i in call.tables.installations if _common(call, i)]
    return paginate(
        call.request,
        rows,
        lambda row: installation_view(call.world, row),
        envelope="installations",
    )


@router.get("/user/installations/{installation_id}/repositories")
async def user_installation_repositories(call: Calling, installation_id: int) -> Response:
    call.person()
    found = call.tables.installations.get(installation_id)
    if found is None or not _common(call, found):
        raise not_found()
    return paginate(
        call.request,
        _common(call, found),
        lambda row: repository_view(call.world, row),
        envelope="repositories",
        repository_selection=found.repository_selection,
    )


@router.put("/user/installations/{installation_id}/repositories/{repository_id}")
async def add_repository(call: Calling, installation_id: int, repository_id: int) -> Response:
    found, repository = _administered(call, installation_id, repository_id)
    chosen = covered(call.world, found)
    if repository not in chosen:
        select(call.world, call.caller, found, [*chosen, repository])
    return no_content()


@router.delete("/user/installations/{installation_id}/repositories/{repository_id}")
async def remove_repository(call: Calling, installation_id: int, repository_id: int) -> Response:
    found, repository = _administered(call, installation_id, repository_id)
    chosen = covered(call.world, found)
    if found.repository_selection == "all" or chosen == [repository]:
        raise ApiError(422, "The last repository of an installation cannot be removed.")
    select(call.world, call.caller, found, [r for r in chosen if r is not repository])
    return no_content()


def _common(call: Call, installation: Installation) -> list[Repository]:
    """What the installation covers and the user has a role in."""
    actor = call.actor()
    rows = covered(call.world, installation)
    return [r for r in rows if role_of(call.tables, actor.id, r) is not None]


def _administered(
    call: Call, installation_id: int, repository_id: int
) -> tuple[Installation, Repository]:
    """Raises ApiError 404 for who is not the repository's admin."""
    call.person()
    found = call.tables.installations.get(installation_id)
    repository = call.tables.repositories.get(repository_id)
    if found is None or repository is None or repository.owner_id != found.account_id:
        raise not_found()
    if role_of(call.tables, call.actor().id, repository) != "admin":
        raise not_found()
    return found, repository
