"""The root of the API, the signed-in user, users, rate limits."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.simulator.clock import stamp
from bot.simulator.errors import not_accessible, not_found
from bot.simulator.records.accounts import Account
from bot.simulator.rest.replies import reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.accounts import account_view

router = router_for("meta")


@router.get("/")
async def root(call: Calling) -> Response:
    api = call.world.urls.api
    return reply(
        {
            "current_user_url": f"{api}/user",
            "issue_search_url": f"{api}/search/issues?q={{query}}{{&page,per_page,sort,order}}",
            "rate_limit_url": f"{api}/rate_limit",
            "repository_url": f"{api}/repos/{{owner}}/{{repo}}",
            "user_url": f"{api}/users/{{user}}",
        }
    )


@router.get("/user")
async def signed_in_user(call: Calling) -> Response:
    actor = call.actor()
    if not call.caller.is_user:
        raise not_accessible()
    return reply(public_user_view(call, actor))


@router.get("/users/{login}")
async def user(call: Calling, login: str) -> Response:
    account = call.tables.accounts.one("login", login.lower())
    if account is None:
        raise not_found()
    return reply(public_user_view(call, account))


def public_user_view(call: Call, account: Account) -> dict[str, Any]:
    """A "public user"; the simulator's people have neither followers nor gists."""
    empty = dict.fromkeys(("company", "blog", "location", "hireable", "bio", "twitter_username"))
    return account_view(call.world, account) | {
        "name": account.name,
        "email": account.email,
        **empty,
        "blog": "",
        "public_repos": call.tables.repositories.count("owner", account.id),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.updated_at),
    }
