"""Users, organizations and bots."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from bot.simulator.nodes import node_id
from bot.simulator.records.accounts import Account
from bot.simulator.urls import Urls
from bot.simulator.world import World


def account_view(world: World, account: Account) -> dict[str, Any]:
    """A "simple user", as `sender`, `user`, `owner`, `assignee` and the like."""
    return dict(_account(world.urls, account.id, account.login, account.type, account.site_admin))


@lru_cache(maxsize=1_000)
def _account(urls: Urls, id: int, login: str, kind: str, site_admin: bool) -> dict[str, Any]:
    """Kept, as a list of issues shows the same few people hundreds of times."""
    url = urls.user(login)
    page = f"{urls.base}/{quote(login)}"
    if kind == "Bot":
        page = f"{urls.base}/apps/{quote(login.removesuffix('[bot]'))}"
    return {
        "login": login,
        "id": id,
        "node_id": node_id(kind, id),
        "avatar_url": f"{urls.base}/avatars/{id}",
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "user_view_type": "public",
        "site_admin": site_admin,
    }


def maybe_account_view(world: World, id: int | None) -> dict[str, Any] | None:
    account = world.tables.accounts.get(id)
    return None if account is None else account_view(world, account)


def organization_view(world: World, account: Account) -> dict[str, Any]:
    """An "organization simple", as in webhook payloads."""
    url = f"{world.urls.api}/orgs/{quote(account.login)}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.type, account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{world.urls.base}/avatars/{account.id}",
        "description": "",
    }
