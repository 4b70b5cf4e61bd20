"""The signed-in user's issues in all repositories, or in those of an organization."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.responses import Response

from bot.simulator.errors import not_found
from bot.simulator.identity.rights import may_see, role_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.issues.listing import choice, listed, ordered_by
from bot.simulator.rest.replies import paginate
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.issues import issue_view
from bot.simulator.views.repositories import repository_view
from bot.simulator.world import World

router = router_for("issues")

Filter = Callable[[World, Account, Issue], bool]


def _has_entry(world: World, account: Account, issue: Issue, event: str) -> bool:
    entries = world.tables.timeline.where("issue", issue.id)
    return any(e.event == event and e.actor_id == account.id for e in entries)


def _takes_part(world: World, account: Account, issue: Issue) -> bool:
    """Who wrote, was assigned or was named is subscribed."""
    comments = world.tables.comments.where("issue", issue.id)
    people = {issue.author_id, *issue.assignee_ids, *(comment.author_id for comment in comments)}
    return account.id in people or _has_entry(world, account, issue, "subscribed")


FILTERS: dict[str, Filter] = {
    "assigned": lambda world, account, issue: account.id in issue.assignee_ids,
    "created": lambda world, account, issue: account.id == issue.author_id,
    "mentioned": lambda world, account, issue: _has_entry(world, account, issue, "mentioned"),
    "subscribed": _takes_part,
    "repos": lambda world, account, issue: True,
    "all": lambda world, account, issue: True,
}


@router.get("/issues")
async def list_everywhere(call: Calling) -> Response:
    return _list(call, (r for r in call.tables.repositories if _is_theirs(call, r)))


@router.get("/user/issues")
async def list_of_user(call: Calling) -> Response:
    return _list(call, (r for r in call.tables.repositories if _is_theirs(call, r)))


@router.get("/orgs/{org}/issues")
async def list_of_organization(call: Calling, org: str) -> Response:
    account = call.tables.accounts.one("login", org.lower())
    if account is None or account.type != "Organization":
        raise not_found()
    found = call.tables.repositories.where("owner", account.id)
    return _list(call, (r for r in found if may_see(call.tables, call.caller, r)))


def _is_theirs(call: Call, repository: Repository) -> bool:
    return role_of(call.tables, call.actor().id, repository) is not None


def _list(call: Call, repositories: Iterable[Repository]) -> Response:
    actor = call.person()
    world, query = call.world, call.request.query_params
    wanted = FILTERS[choice(query, "filter", FILTERS, "assigned")]
    found = [
        issue
        for repository in repositories
        for issue in listed(world, repository, query)
        if wanted(world, actor, issue)
    ]
    order = ordered_by(world, query)
    found.sort(key=order.key, reverse=order.reverse)
    return paginate(call.request, found, lambda issue: _view(world, issue))


def _view(world: World, issue: Issue) -> dict[str, object]:
    repository = world.tables.repositories[issue.repository_id]
    return issue_view(world, issue) | {"repository": repository_view(world, repository)}
