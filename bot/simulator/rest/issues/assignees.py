"""Whom issues can be assigned to, and to whom they are."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from bot.simulator.domain.issues.assigning import assign, assignable, unassign
from bot.simulator.domain.issues.rights import may_write, require_read, require_write
from bot.simulator.errors import not_found
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Issue
from bot.simulator.rest.issues.bodies import Assignees
from bot.simulator.rest.issues.finding import issue_at
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.accounts import account_view
from bot.simulator.views.issues import issue_view

router = router_for("issues")


@router.get("/repos/{owner}/{repo}/assignees")
async def list_assignees(here: AtRepository) -> Response:
    require_read(here.world, here.caller, here.repository)
    members = here.tables.collaborators.where("repository", here.repository.id)
    ids = {here.repository.owner_id: None, **{member.account_id: None for member in members}}
    people = [account for id in ids if (account := here.tables.accounts[id]).type == "User"]
    return paginate(here.request, people, lambda account: account_view(here.world, account))


@router.get("/repos/{owner}/{repo}/assignees/{assignee}")
async def check_assignee(here: AtRepository, assignee: str) -> Response:
    require_read(here.world, here.caller, here.repository)
    if assignable(here.world, here.repository, assignee) is None:
        raise not_found()
    return no_content()


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/assignees/{assignee}")
async def check_assignee_of_issue(here: AtRepository, issue_number: int, assignee: str) -> Response:
    issue = issue_at(here, issue_number)
    if assignable(here.world, here.repository, assignee, issue) is None:
        raise not_found()
    return no_content()


@router.post("/repos/{owner}/{repo}/issues/{issue_number}/assignees")
async def add_assignees(here: AtRepository, issue_number: int, wanted: Assignees) -> Response:
    """Who cannot be assigned is left out, silently, and so is everybody for who may not assign."""
    issue = issue_at(here, issue_number)
    people = _people(here, issue, wanted.assignees or ())
    assign(here.world, here.caller, here.repository, issue, people)
    return created(issue_view(here.world, issue))


@router.delete("/repos/{owner}/{repo}/issues/{issue_number}/assignees")
async def remove_assignees(here: AtRepository, issue_number: int, wanted: Assignees) -> Response:
    issue = issue_at(here, issue_number)
    people = _people(here, issue, wanted.assignees or ())
    unassign(here.world, here.caller, here.repository, issue, people)
    return reply(issue_view(here.world, issue))


def _people(here: Here, issue: Issue, logins: Sequence[str]) -> list[Account]:
    require_write(here.world, here.caller, here.repository, "read", issue)
    if not may_write(here.world, here.caller, here.repository, "triage", issue):
        return []
    found = [assignable(here.world, here.repository, login, issue) for login in logins]
    return [account for account in found if account is not None]
