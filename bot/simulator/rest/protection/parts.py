"""The parts of a branch's protection, each with an address of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated

from fastapi import Body as Raw
from pydantic import Field
from starlette.responses import Response

from bot.simulator.domain.repositories.protections import changing
from bot.simulator.errors import ApiError
from bot.simulator.records.repositories import Protection
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.protection.branches import (
    PROTECTION,
    Check,
    Checks,
    Reviews,
    protected,
    set_checks,
    set_reviews,
)
from bot.simulator.rest.replies import no_content, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.protections import (
    enforce_admins_view,
    required_checks_view,
    required_reviews_view,
    signatures_view,
)

router = router_for("protection")

CHECKS = PROTECTION + "/required_status_checks"
REVIEWS = PROTECTION + "/required_pull_request_reviews"
ADMINS = PROTECTION + "/enforce_admins"
SIGNATURES = PROTECTION + "/required_signatures"


class Contexts(Body):
    contexts: list[str]


NamedContexts = Annotated[Contexts | list[str], Raw()]
"""`{"contexts": […]}` or the list alone."""


def _writable(here: Here, branch: str) -> Protection:
    here.require("administration", "write", role="admin")
    return protected(here, branch)


def _changing(here: Here, found: Protection) -> AbstractContextManager[None]:
    return changing(here.world, here.caller, here.repository, found)


def _with_checks(found: Protection) -> list[str]:
    if found.required_contexts is None:
        raise ApiError(404, "Required status checks not enabled")
    return found.required_contexts


@router.get(CHECKS)
async def get_checks(here: AtRepository, branch: str) -> Response:
    found = protected(here, branch)
    _with_checks(found)
    return reply(required_checks_view(here.world, found))


class ChecksEdit(Body):
    strict: bool | None = None
    contexts: list[str] | None = None
    checks: list[Check] | None = None


@router.patch(CHECKS)
async def update_checks(here: AtRepository, branch: str, body: ChecksEdit) -> Response:
    found = _writable(here, branch)
    contexts = found.required_contexts or []
    kept = [Check(context=c, app_id=found.check_apps.get(c)) for c in contexts]
    checks = body.checks
    if checks is None:
        checks = kept if body.contexts is None else []
    strict = found.strict if body.strict is None else body.strict
    wanted = Checks(strict=strict, contexts=body.contexts or [], checks=checks)
    with _changing(here, found):
        set_checks(found, wanted)
    return reply(required_checks_view(here.world, found))


@router.delete(CHECKS)
async def remove_checks(here: AtRepository, branch: str) -> Response:
    found = _writable(here, branch)
    _with_checks(found)
    with _changing(here, found):
        set_checks(found, None)
    return no_content()


@router.get(CHECKS + "/contexts")
async def list_contexts(here: AtRepository, branch: str) -> Response:
    return reply(_with_checks(protected(here, branch)))


@router.post(CHECKS + "/contexts")
async def add_contexts(here: AtRepository, branch: str, body: NamedContexts) -> Response:
    return _set_contexts(here, branch, lambda known: [*known, *_named(body)])


@router.put(CHECKS + "/contexts")
async def set_contexts(here: AtRepository, branch: str, body: NamedContexts) -> Response:
    return _set_contexts(here, branch, lambda _: _named(body))


@router.delete(CHECKS + "/contexts")
async def remove_contexts(here: AtRepository, branch: str, body: NamedContexts) -> Response:
    gone = _named(body)
    return _set_contexts(here, branch, lambda known: [c for c in known if c not in gone])


def _set_contexts(here: Here, branch: str, change: Callable[[list[str]], list[str]]) -> Response:
    found = _writable(here, branch)
    contexts = list(dict.fromkeys(change(_with_checks(found))))
    with _changing(here, found):
        found.required_contexts = contexts
        found.check_apps = {c: app for c, app in found.check_apps.items() if c in contexts}
    return reply(contexts)


def _named(body: Contexts | list[str]) -> list[str]:
    return body if isinstance(body, list) else body.contexts


@router.get(REVIEWS)
async def get_reviews(here: AtRepository, branch: str) -> Response:
    found = protected(here, branch)
    _require_reviews(found)
    return reply(required_reviews_view(here.world, found))


def _require_reviews(found: Protection) -> None:
    if found.required_reviews is None:
        raise ApiError(404, "Required pull request reviews not enabled")


class ReviewsEdit(Body):
    dismiss_stale_reviews: bool | None = None
    require_code_owner_reviews: bool | None = None
    required_approving_review_count: Annotated[int, Field(ge=0, le=6)] | None = None
    require_last_push_approval: bool | None = None


@router.patch(REVIEWS)
async def update_reviews(here: AtRepository, branch: str, body: ReviewsEdit) -> Response:
    found = _writable(here, branch)
    known = Reviews(
        dismiss_stale_reviews=found.dismiss_stale_reviews,
        require_code_owner_reviews=found.code_owner_reviews,
        required_approving_review_count=1
        if found.required_reviews is None
        else found.required_reviews,
        require_last_push_approval=found.last_push_approval,
    )
    with _changing(here, found):
        set_reviews(found, known.model_copy(update=body.model_dump(exclude_none=True)))
    return reply(required_reviews_view(here.world, found))


@router.delete(REVIEWS)
async def remove_reviews(here: AtRepository, branch: str) -> Response:
    found = _writable(here, branch)
    _require_reviews(found)
    with _changing(here, found):
        set_reviews(found, None)
    return no_content()


@router.get(ADMINS)
async def get_admins(here: AtRepository, branch: str) -> Response:
    return reply(enforce_admins_view(here.world, protected(here, branch)))


@router.post(ADMINS)
async def set_admins(here: AtRepository, branch: str) -> Response:
    found = _writable(here, branch)
    with _changing(here, found):
        found.enforce_admins = True
    return reply(enforce_admins_view(here.world, found))


@router.delete(ADMINS)
async def remove_admins(here: AtRepository, branch: str) -> Response:
    found = _writable(here, branch)
    with _changing(here, found):
        found.enforce_admins = False
    return no_content()


@router.get(SIGNATURES)
async def get_signatures(here: AtRepository, branch: str) -> Response:
    return reply(signatures_view(here.world, protected(here, branch)))
