"""What can be asked for at the top of a query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.graphql.bounds import MOST
from bot.simulator.graphql.refusals import Refused
from bot.simulator.graphql.scope import Scope, missing
from bot.simulator.limits.charge import charge_for
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Repository

Arguments = dict[str, Any]


def _node(scope: Scope, _: Any, arguments: Arguments) -> Any:
    return scope.node(arguments["id"])


def _nodes(scope: Scope, _: Any, arguments: Arguments) -> list[Any]:
    """Those that are not found are null, each with its error."""
    ids = arguments["ids"]
    if len(ids) > MOST:
        message = f"You may not provide more than {MOST} node ids; you provided {len(ids)}."
        raise Refused("ARGUMENT_LIMIT", message)
    return [_found(scope, id) for id in ids]


def _found(scope: Scope, id: str) -> Any:
    try:
        return scope.node(id)
    except Refused as refusal:
        return refusal


def _viewer(scope: Scope, _: Any, arguments: Arguments) -> Account:
    """An App is a user here, as on GitHub, though its account is a bot's."""
    return scope.actor()


def _user(scope: Scope, _: Any, arguments: Arguments) -> Account:
    found = scope.tables.accounts.one("login", arguments["login"].lower())
    if found is None or found.type != "User":
        raise missing("a User", f"login of '{arguments['login']}'")
    return found


def _repository(scope: Scope, _: Any, arguments: Arguments) -> Repository:
    owner, name = arguments["owner"], arguments["name"]
    found = scope.world.repository_named(owner, name)
    if found is None and arguments["followRenames"]:
        found = scope.world.repository_once_named(owner, name)
    if found is None or not scope.may_read(found):
        raise missing("a Repository", f"name '{owner}/{name}'")
    return found


def _rate_limit(scope: Scope, _: Any, arguments: Arguments) -> dict[str, Any]:
    charge = charge_for(scope.tables, scope.caller, "", "POST", "/graphql")
    left = scope.world.limits.left(charge)
    return {
        "limit": left.limit,
        "cost": 1,
        "remaining": left.remaining,
        "used": left.used,
        "resetAt": stamp(datetime.fromtimestamp(left.reset, UTC)),
        "nodeCount": 0,
    }


QUERY = {
    "node": _node,
    "nodes": _nodes,
    "viewer": _viewer,
    "user": _user,
    "repository": _repository,
    "rateLimit": _rate_limit,
}
