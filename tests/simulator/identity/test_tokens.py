"""Who a token makes one, and what it then may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.simulator.errors import ApiError
from bot.simulator.identity.rights import has_permission, has_role, may_see
from bot.simulator.identity.tokens import caller_with, credentials_in, installation_token
from bot.simulator.records.repositories import ROLES, Role
from tests.simulator.support import Simulated

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("token abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", ""),
        ("abc", ""),
        ("", ""),
    ],
)
def test_the_header_carries_the_token(header: str, token: str) -> None:
    assert credentials_in(header) == token


async def test_a_user_token_acts_as_the_user(sim: Simulated) -> None:
    answer = await sim.as_("writer").get("/user")
    assert (answer.status_code, answer.json()["login"]) == (200, "writer")


async def test_an_unknown_token_is_refused(sim: Simulated) -> None:
    answer = await sim.client("ghp_nobody").get("/user")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


async def test_nobody_is_not_a_user(sim: Simulated) -> None:
    answer = await sim.client().get("/user")
    assert (answer.status_code, answer.json()["message"]) == (401, "Requires authentication")


async def test_a_jwt_makes_one_the_app(sim: Simulated) -> None:
    world = sim.world
    caller = caller_with(world.tables, sim.app_jwt(), world.clock.now())
    assert caller.is_app_itself
    assert caller.app == sim.genesis


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"exp": 1}, "too far in the past"),
        ({"exp": 9_999_999_999}, "too far in the future"),
        ({"exp": "soon"}, "could not be decoded|numeric"),
        ({"iat": 9_999_999_999}, "Issued at"),
        ({"iss": "424242"}, "Integration not found"),
        ({"iss": "9" * 400}, "Integration not found"),
        ({"exp": 1e300}, "numeric"),
        ({"exp": True}, "numeric"),
        ({"iat": True}, "numeric"),
    ],
)
async def test_a_bad_jwt_says_why(sim: Simulated, claims: dict[str, Any], sentence: str) -> None:
    world = sim.world
    with pytest.raises(ApiError, match=sentence) as refused:
        caller_with(world.tables, sim.app_jwt(**claims), world.clock.now())
    assert refused.value.status == 401


async def test_a_jwt_signed_by_another_key_is_refused(sim: Simulated) -> None:
    from bot.simulator.seed import key_pair

    world = sim.world
    good = sim.app_jwt()
    sim.genesis.public_key = key_pair()[1]
    with pytest.raises(ApiError, match="could not be decoded"):
        caller_with(world.tables, good, world.clock.now())


async def test_a_jwt_without_signature_is_refused(sim: Simulated) -> None:
    import jwt

    at = int(sim.world.clock.now().timestamp())
    claims = {"iss": str(sim.genesis.id), "iat": at, "exp": at + 60}
    for forged in (
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, "a shared secret of at least 32 bytes", algorithm="HS256"),
    ):
        with pytest.raises(ApiError, match="could not be decoded"):
            caller_with(sim.world.tables, forged, sim.world.clock.now())


async def test_an_installation_token_expires(sim: Simulated) -> None:
    world = sim.world
    now = world.clock.now()
    token = installation_token(world.tables, sim.installation, {"issues": "write"}, None, now)
    assert caller_with(world.tables, token.value, now).is_bot
    with pytest.raises(ApiError, match="Bad credentials"):
        caller_with(world.tables, token.value, now + timedelta(hours=1))


async def test_a_token_reaches_its_repositories_with_its_permissions_only(sim: Simulated) -> None:
    world, shop = sim.world, sim.repository
    now = world.clock.now()
    scoped = installation_token(world.tables, sim.installation, {"issues": "read"}, [shop.id], now)
    caller = caller_with(world.tables, scoped.value, now)
    assert has_permission(caller, shop, "issues", "read")
    assert not has_permission(caller, shop, "issues", "write")
    assert not has_permission(caller, shop, "contents", "read")
    elsewhere = installation_token(world.tables, sim.installation, {"issues": "write"}, [1], now)
    caller = caller_with(world.tables, elsewhere.value, now)
    assert not has_permission(caller, shop, "issues", "read")
    assert not has_permission(caller, shop, "metadata", "read")


async def test_a_token_reaches_no_further_than_its_installation_now_does(sim: Simulated) -> None:
    world, shop = sim.world, sim.repository
    now = world.clock.now()
    named = installation_token(world.tables, sim.installation, {"issues": "read"}, [shop.id], now)
    caller = caller_with(world.tables, named.value, now)
    assert has_permission(caller, shop, "issues", "read")
    sim.installation.repository_selection = "selected"
    assert not has_permission(caller, shop, "issues", "read")
    shop.private = True
    assert not may_see(world.tables, caller, shop)
    sim.installation.repository_ids = [shop.id]
    assert may_see(world.tables, caller, shop)


@pytest.mark.parametrize(
    ("login", "strongest"),
    [
        ("admin", "admin"),
        ("maintainer", "maintain"),
        ("writer", "write"),
        ("triager", "triage"),
        ("reader", "read"),
    ],
)
async def test_people_have_the_role_they_are_named_by(
    sim: Simulated, login: str, strongest: Role
) -> None:
    world = sim.world
    caller = caller_with(world.tables, sim.token_of(login), world.clock.now())
    held = [role for role in ROLES if has_role(world.tables, caller, sim.repository, role)]
    assert held == list(ROLES[: ROLES.index(strongest) + 1])


async def test_an_outsider_sees_what_is_public_and_nothing_private(sim: Simulated) -> None:
    world, shop = sim.world, sim.repository
    caller = caller_with(world.tables, sim.token_of("outsider"), world.clock.now())
    assert may_see(world.tables, caller, shop)
    assert not has_role(world.tables, caller, shop, "triage")
    shop.private = True
    assert not may_see(world.tables, caller, shop)
    assert not has_role(world.tables, caller, shop, "read")


async def test_a_suspended_installation_is_refused(sim: Simulated) -> None:
    world = sim.world
    now = world.clock.now()
    token = installation_token(world.tables, sim.installation, {}, None, now)
    sim.installation.suspended_at = now
    with pytest.raises(ApiError, match="suspended") as refused:
        caller_with(world.tables, token.value, now)
    assert refused.value.status == 403
