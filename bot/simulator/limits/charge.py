"""What a call costs, and whom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.simulator.identity.caller import Caller
from bot.simulator.state.tables import Tables

Resource = Literal["core", "search", "graphql", "integration_manifest"]

INSTALLATION = 5_000
INSTALLATION_MOST = 12_500
FREE_REPOSITORIES = 20
PER_REPOSITORY = 50
ACTIONS = 1_000
USER = 5_000
ANONYMOUS = 60

HOUR = 3600.0
MINUTE = 60.0

READ_POINTS = 1
WRITE_POINTS = 5
REST_POINTS = 900
GRAPHQL_POINTS = 2_000

_CONTENT = re.compile(
    r"/repos/[^/]+/[^/]+/("
    r"issues|issues/\d+/comments|pulls|pulls/\d+/(comments|reviews)|pulls/\d+/comments/\d+/replies"
    r"|commits/[^/]+/comments|releases|forks|generate"
    r")"
)
"""What shows up on GitHub's pages and notifies people. Which calls count is not documented."""


@dataclass(frozen=True)
class Charge:
    """`key` names who pays; `who` is how a refusal names them."""

    key: str
    who: str
    resource: Resource
    limit: int
    window: float
    """Seconds."""
    points: int
    points_limit: int
    creates_content: bool
    free: bool = False
    """Asking for one's limits costs nothing."""


def charge_for(tables: Tables, caller: Caller, address: str, method: str, path: str) -> Charge:
    """`path` is the one in the API, without its prefix."""
    resource = _resource(path)
    limit, window = _limit(tables, caller, resource)
    writes = method not in ("GET", "HEAD", "OPTIONS")
    key, who = _payer(caller, address)
    return Charge(
        key=key,
        who=who,
        resource=resource,
        limit=limit,
        window=window,
        points=WRITE_POINTS if writes else READ_POINTS,
        points_limit=GRAPHQL_POINTS if resource == "graphql" else REST_POINTS,
        creates_content=method == "POST" and _CONTENT.fullmatch(path) is not None,
        free=path == "/rate_limit",
    )


def _resource(path: str) -> Resource:
    if path.startswith("/search/"):
        return "search"
    if path.startswith("/app-manifests/"):
        return "integration_manifest"
    return "graphql" if path == "/graphql" else "core"


def _payer(caller: Caller, address: str) -> tuple[str, str]:
    if caller.is_actions and caller.token is not None:
        # GITHUB_TOKEN: each repository has its own thousand.
        named = caller.token.repository_ids or [0]
        return f"actions {named[0]}", f"installation ID {caller.token.installation_id}"
    if caller.installation is not None:
        return caller.key, f"installation ID {caller.installation.id}"
    if caller.actor is not None:
        return caller.key, f"user ID {caller.actor.id}"
    return f"anonymous {address}", address


def _limit(tables: Tables, caller: Caller, resource: Resource) -> tuple[int, float]:
    if resource == "search":
        return (10 if caller.actor is None else 30), MINUTE
    if caller.actor is None:
        # GraphQL is for those who signed in.
        return (0 if resource == "graphql" else ANONYMOUS), HOUR
    if caller.is_actions:
        return ACTIONS, HOUR
    if caller.installation is not None:
        return _installation_limit(tables, caller.installation.account_id), HOUR
    return USER, HOUR


def _installation_limit(tables: Tables, account_id: int) -> int:
    """Grows with the account's repositories; with its users, which are not counted here, too."""
    beyond = max(0, tables.repositories.count("owner", account_id) - FREE_REPOSITORIES)
    return min(INSTALLATION + PER_REPOSITORY * beyond, INSTALLATION_MOST)
