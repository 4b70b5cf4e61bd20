"""Sub-issues and dependencies. Bodies name the other issue by its id, not by its number."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from bot.simulator.domain.issues.dependencies import block, blocked_by, blockers_of, unblock
from bot.simulator.domain.issues.sub_issues import add_sub_issue, move_sub_issue, remove_sub_issue
from bot.simulator.errors import not_found
from bot.simulator.identity.rights import may_see
from bot.simulator.records.issues import Issue
from bot.simulator.rest.issues.bodies import Blocker, Place, SubIssue
from bot.simulator.rest.issues.finding import issue_at, issue_of_id
from bot.simulator.rest.replies import created, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.issues import issue_view

router = router_for("issues")

NO_SUB_ISSUE = "The provided sub-issue does not exist"


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/parent")
async def get_parent(here: AtRepository, issue_number: int) -> Response:
    parent = here.tables.issues.get(issue_at(here, issue_number).parent_id)
    if parent is None or not _visible(here, [parent]):
        raise not_found()
    return reply(issue_view(here.world, parent))


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/sub_issues")
async def list_sub_issues(here: AtRepository, issue_number: int) -> Response:
    """In their order of priority."""
    issue = issue_at(here, issue_number)
    return _page(here, (here.tables.issues[id] for id in issue.sub_issue_ids))


@router.post("/repos/{owner}/{repo}/issues/{issue_number}/sub_issues")
async def add(here: AtRepository, issue_number: int, wanted: SubIssue) -> Response:
    parent = issue_at(here, issue_number)
    child = issue_of_id(here, wanted.sub_issue_id, NO_SUB_ISSUE)
    add_sub_issue(
        here.world,
        here.caller,
        here.repository,
        parent,
        child,
        replace_parent=wanted.replace_parent,
    )
    return created(issue_view(here.world, parent))


@router.patch("/repos/{owner}/{repo}/issues/{issue_number}/sub_issues/priority")
async def reprioritize(here: AtRepository, issue_number: int, wanted: Place) -> Response:
    parent = issue_at(here, issue_number)
    move_sub_issue(
        here.world,
        here.caller,
        here.repository,
        parent,
        wanted.sub_issue_id,
        after_id=wanted.after_id,
        before_id=wanted.before_id,
    )
    return reply(issue_view(here.world, parent))


@router.delete("/repos/{owner}/{repo}/issues/{issue_number}/sub_issue")
async def remove(here: AtRepository, issue_number: int, wanted: SubIssue) -> Response:
    parent = issue_at(here, issue_number)
    child = issue_of_id(here, wanted.sub_issue_id, NO_SUB_ISSUE)
    remove_sub_issue(here.world, here.caller, here.repository, parent, child)
    return reply(issue_view(here.world, parent))


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by")
async def list_blocked_by(here: AtRepository, issue_number: int) -> Response:
    return _page(here, blockers_of(here.world, issue_at(here, issue_number)))


@router.post("/repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by")
async def add_blocker(here: AtRepository, issue_number: int, wanted: Blocker) -> Response:
    issue = issue_at(here, issue_number)
    blocking = issue_of_id(here, wanted.issue_id)
    block(here.world, here.caller, here.repository, issue, blocking)
    return created(issue_view(here.world, issue))


@router.delete("/repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by/{issue_id}")
async def remove_blocker(here: AtRepository, issue_number: int, issue_id: int) -> Response:
    issue = issue_at(here, issue_number)
    unblock(here.world, here.caller, here.repository, issue, issue_of_id(here, issue_id))
    return reply(issue_view(here.world, issue))


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocking")
async def list_blocking(here: AtRepository, issue_number: int) -> Response:
    return _page(here, blocked_by(here.world, issue_at(here, issue_number)))


def _page(here: Here, issues: Iterable[Issue]) -> Response:
    return paginate(
        here.request, _visible(here, issues), lambda issue: issue_view(here.world, issue)
    )


def _visible(here: Here, issues: Iterable[Issue]) -> list[Issue]:
    tables = here.tables
    return [
        issue
        for issue in issues
        if may_see(tables, here.caller, tables.repositories[issue.repository_id])
    ]
