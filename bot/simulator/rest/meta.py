"""The root of the API, the signed-in user, users."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.simulator.clock import stamp
from bot.simulator.records.accounts import Account
from bot.simulator.rest.replies import reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.accounts import account_view

router = router_for("meta")


ROOT = {
    "current_user_url": "/user",
    "current_user_authorizations_html_url": "/settings/connections/applications{/client_id}",
    "authorizations_url": "/authorizations",
    "code_search_url": "/search/code?q={query}{&page,per_page,sort,order}",
    "commit_search_url": "/search/commits?q={query}{&page,per_page,sort,order}",
    "emails_url": "/user/emails",
    "emojis_url": "/emojis",
    "events_url": "/events",
    "feeds_url": "/feeds",
    "followers_url": "/user/followers",
    "following_url": "/user/following{/target}",
    "gists_url": "/gists{/gist_id}",
    "issue_search_url": "/search/issues?q={query}{&page,per_page,sort,order}",
    "issues_url": "/issues",
    "keys_url": "/user/keys",
    "label_search_url": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications_url": "/notifications",
    "organization_url": "/orgs/{org}",
    "organization_repositories_url": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams_url": "/orgs/{org}/teams",
    "public_gists_url": "/gists/public",
    "rate_limit_url": "/rate_limit",
    "repository_url": "/repos/{owner}/{repo}",
    "repository_search_url": "/search/repositories?q={query}{&page,per_page,sort,order}",
    "current_user_repositories_url": "/user/repos{?type,page,per_page,sort}",
    "starred_url": "/user/starred{/owner}{/repo}",
    "starred_gists_url": "/gists/starred",
    "user_url": "/users/{user}",
    "user_organizations_url": "/user/orgs",
    "user_repositories_url": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search_url": "/search/users?q={query}{&page,per_page,sort,order}",
}
"""GitHub's table of its API, all of it: clients look up what they know, served here or not."""


@router.get("/")
async def root(call: Calling) -> Response:
    api = call.world.urls.api
    return reply({name: f"{api}{path}" for name, path in ROOT.items()})


@router.get("/user")
async def signed_in_user(call: Calling) -> Response:
    return reply(public_user_view(call, call.person()))


@router.get("/users/{login}")
async def user(call: Calling, login: str) -> Response:
    return reply(public_user_view(call, call.account_named(login)))


def public_user_view(call: Call, account: Account) -> dict[str, Any]:
    """A "public user"; the simulator's people have neither followers nor gists."""
    owned = call.tables.repositories.where("owner", account.id)
    empty = dict.fromkeys(("company", "blog", "location", "hireable", "bio", "twitter_username"))
    return account_view(call.world, account) | {
        "name": account.name,
        "email": account.email,
        **empty,
        "blog": "",
        "public_repos": sum(not r.private for r in owned),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.updated_at),
    }
