"""Issues: list, create, get, edit, lock."""

from __future__ import annotations

from typing import Literal

from starlette.responses import Response

from bot.simulator.domain.issues.edits import Edit, edit_issue
from bot.simulator.domain.issues.issues import Draft, open_issue, reopen_issue
from bot.simulator.domain.issues.locking import lock_issue, unlock_issue
from bot.simulator.domain.issues.milestones import find_milestone
from bot.simulator.domain.issues.rights import require_read
from bot.simulator.domain.pulls.states import reopen_pull
from bot.simulator.errors import ApiError, invalid
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Milestone
from bot.simulator.rest.issues.bodies import IssueEdit, Lock, NewIssue, names_of
from bot.simulator.rest.issues.finding import issue_at, require_issues
from bot.simulator.rest.issues.listing import listed
from bot.simulator.rest.numbers import whole_number
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.issues import issue_view

router = router_for("issues")


@router.get("/repos/{owner}/{repo}/issues")
async def list_issues(here: AtRepository) -> Response:
    require_read(here.world, here.caller, here.repository)
    found = listed(here.world, here.repository, here.request.query_params)
    return paginate(here.request, found, lambda issue: issue_view(here.world, issue))


@router.post("/repos/{owner}/{repo}/issues")
async def create_issue(here: AtRepository, wanted: NewIssue) -> Response:
    here.actor()
    require_issues(here)
    draft = Draft(
        title=str(wanted.title),
        body=wanted.body,
        labels=names_of(wanted.labels),
        assignees=wanted.assignees or list(filter(None, [wanted.assignee])),
        milestone=None if wanted.milestone is None else _milestone(here, wanted.milestone),
    )
    issue = open_issue(here.world, here.caller, here.repository, draft)
    return created(issue_view(here.world, issue))


@router.get("/repos/{owner}/{repo}/issues/{issue_number}")
async def get_issue(here: AtRepository, issue_number: int) -> Response:
    return reply(issue_view(here.world, issue_at(here, issue_number)))


@router.patch("/repos/{owner}/{repo}/issues/{issue_number}")
async def update_issue(here: AtRepository, issue_number: int, wanted: IssueEdit) -> Response:
    here.actor()
    issue = issue_at(here, issue_number)
    edit_issue(here.world, here.caller, here.repository, issue, _edit(here, wanted))
    if wanted.state == "open":
        await _reopen(here, issue)
    return reply(issue_view(here.world, issue))


@router.put("/repos/{owner}/{repo}/issues/{issue_number}/lock")
async def lock(here: AtRepository, issue_number: int, wanted: Lock) -> Response:
    issue = issue_at(here, issue_number)
    lock_issue(here.world, here.caller, here.repository, issue, wanted.lock_reason)
    return no_content()


@router.delete("/repos/{owner}/{repo}/issues/{issue_number}/lock")
async def unlock(here: AtRepository, issue_number: int) -> Response:
    issue = issue_at(here, issue_number)
    unlock_issue(here.world, here.caller, here.repository, issue)
    return no_content()


async def _reopen(here: Here, issue: Issue) -> None:
    """Of pull requests not each can be."""
    pull = here.tables.pulls.get(issue.pull_id)
    if pull is None:
        reopen_issue(here.world, here.caller, here.repository, issue)
    else:
        await reopen_pull(here.world, here.caller, here.repository, pull)


def _edit(here: Here, wanted: IssueEdit) -> Edit:
    """What the request asks: a null title changes nothing, a null body takes the body away."""
    if wanted.state == "closed" and wanted.state_reason == "reopened":
        raise invalid("Issue", "state_reason")
    reason = wanted.state_reason
    assignees = wanted.assignees
    if assignees is None and wanted.given("assignee"):
        assignees = [wanted.assignee] if wanted.assignee else []
    elif assignees is None and wanted.given("assignees"):
        assignees = []
    return Edit(
        title=None if wanted.title is None else str(wanted.title),
        body=(wanted.body or "") if wanted.given("body") else None,
        closed=wanted.state == "closed",
        reason="completed" if reason is None or reason == "reopened" else reason,
        labels=None if wanted.labels is None else names_of(wanted.labels),
        assignees=assignees,
        milestone=_new_milestone(here, wanted),
    )


def _new_milestone(here: Here, wanted: IssueEdit) -> Milestone | Literal["none"] | None:
    if not wanted.given("milestone"):
        return None
    if wanted.milestone in (None, ""):
        return "none"
    return _milestone(here, wanted.milestone)


def _milestone(here: Here, number: int | str | None) -> Milestone:
    """Raises:
    ApiError: 422 for a number that no milestone has.
    """
    known = whole_number(str(number))
    found = None if known is None else find_milestone(here.world, here.repository, known)
    if found is None:
        error = {"value": number, "resource": "Issue", "field": "milestone", "code": "invalid"}
        raise ApiError(422, "Validation Failed", [error])
    return found
