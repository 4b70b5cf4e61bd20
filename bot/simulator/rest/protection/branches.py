"""Classic branch protection, as a whole."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from bot.simulator.domain.repositories.protections import (
    changing,
    protection_for,
    protection_of,
    unprotect,
)
from bot.simulator.errors import ApiError
from bot.simulator.records.repositories import Protection
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import no_content, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.protections import protection_view

router = router_for("protection")

PROTECTION = "/repos/{owner}/{repo}/branches/{branch:path}/protection"


class Check(Body):
    context: str
    app_id: int | None = None


class Checks(Body):
    strict: bool
    contexts: list[str] = Field(default_factory=list)
    checks: list[Check] = Field(default_factory=list)


class Reviews(Body):
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    required_approving_review_count: Annotated[int, Field(ge=0, le=6)] = 1
    require_last_push_approval: bool = False


class Restrictions(Body):
    users: list[str]
    teams: list[str]
    apps: list[str] = Field(default_factory=list)


class ProtectionBody(Body):
    required_status_checks: Checks | None
    enforce_admins: bool | None
    required_pull_request_reviews: Reviews | None
    restrictions: Restrictions | None
    required_linear_history: bool = False
    allow_force_pushes: bool | None = False
    allow_deletions: bool = False
    block_creations: bool = False
    required_conversation_resolution: bool = False
    lock_branch: bool = False
    allow_fork_syncing: bool = False


def protected(here: Here, branch: str) -> Protection:
    """The protection of a branch, for an administrator.

    Raises:
        ApiError: 403, and 404 for a branch that is not there or not protected.
    """
    here.require("administration", "read", role="admin")
    found = protection_of(here.world, here.repository, branch)
    if found is None:
        there = here.git.ref(f"refs/heads/{branch}") is not None
        raise ApiError(404, "Branch not protected" if there else "Branch not found")
    return found


@router.get(PROTECTION)
async def get_protection(here: AtRepository, branch: str) -> Response:
    return reply(protection_view(here.world, protected(here, branch)))


@router.put(PROTECTION)
async def update_protection(here: AtRepository, branch: str, body: ProtectionBody) -> Response:
    here.require("administration", "write", role="admin")
    if here.git.ref(f"refs/heads/{branch}") is None:
        raise ApiError(404, "Branch not found")
    restrictions = _restrictions(here, body.restrictions)
    found = protection_for(here.world, here.repository, branch)
    with changing(here.world, here.caller, here.repository, found):
        set_checks(found, body.required_status_checks)
        set_reviews(found, body.required_pull_request_reviews)
        found.push_restrictions = restrictions
        found.enforce_admins = bool(body.enforce_admins)
        found.linear_history = body.required_linear_history
        found.allow_force_pushes = bool(body.allow_force_pushes)
        found.allow_deletions = body.allow_deletions
        found.block_creations = body.block_creations
        found.conversation_resolution = body.required_conversation_resolution
        found.locked = body.lock_branch
        found.fork_syncing = body.allow_fork_syncing
    return reply(protection_view(here.world, found))


def _restrictions(here: Here, wanted: Restrictions | None) -> dict[str, list[str]] | None:
    if wanted is None:
        return None
    if here.world.owner(here.repository).type != "Organization":
        raise ApiError(
            422,
            "Validation Failed",
            ["Only organization repositories can have users and team restrictions"],
        )
    users = [_login(here, login) for login in wanted.users]
    for slug in wanted.apps:
        if here.tables.apps.one("slug", slug) is None:
            raise ApiError(422, "Validation Failed", [f"There is no App {slug[:60]!r}"])
    return {"users": list(dict.fromkeys(users)), "apps": list(dict.fromkeys(wanted.apps))}


def _login(here: Here, named: str) -> str:
    """As its owner spells it: it is compared with that."""
    account = here.tables.accounts.one("login", named.lower())
    if account is None:
        raise ApiError(422, "Validation Failed", [f"There is no user {named[:60]!r}"])
    return account.login


def set_checks(protection: Protection, wanted: Checks | None) -> None:
    if wanted is None:
        protection.required_contexts, protection.check_apps, protection.strict = None, {}, False
        return
    named = [check.context for check in wanted.checks]
    protection.required_contexts = list(dict.fromkeys([*wanted.contexts, *named]))
    # -1 stands for any App, as does no App at all.
    protection.check_apps = {
        check.context: check.app_id
        for check in wanted.checks
        if check.app_id is not None and check.app_id > 0
    }
    protection.strict = wanted.strict


def set_reviews(protection: Protection, wanted: Reviews | None) -> None:
    reviews = wanted or Reviews()
    protection.required_reviews = (
        None if wanted is None else reviews.required_approving_review_count
    )
    protection.dismiss_stale_reviews = reviews.dismiss_stale_reviews
    protection.code_owner_reviews = reviews.require_code_owner_reviews
    protection.last_push_approval = reviews.require_last_push_approval


@router.delete(PROTECTION)
async def delete_protection(here: AtRepository, branch: str) -> Response:
    found = protected(here, branch)
    here.require("administration", "write", role="admin")
    unprotect(here.world, here.caller, here.repository, found)
    return no_content()
