"""The simulator's own controls, under `/_simulator`: clock, faults, people, what was asked."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256
from typing import Annotated, Any

from fastapi import FastAPI, Request
from pydantic import Field
from starlette.responses import Response

from bot.simulator.clock import stamp
from bot.simulator.domain.apps.installations import (
    accept_permissions,
    installation_on,
    withhold,
)
from bot.simulator.errors import ApiError, not_found
from bot.simulator.faults.plan import KINDS, MEANINGS, READS, FaultPlan
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.tokens import user_token
from bot.simulator.records.repositories import Collaborator, Role
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.controlling import control_router
from bot.simulator.rest.replies import no_content, number_in, reply
from bot.simulator.seed import account
from bot.simulator.state.digest import digests
from bot.simulator.surface import path_in, surface_of
from bot.simulator.world import World

router = control_router()

A_YEAR = 366 * 86_400
MOST_EXCHANGES = 500


class Advance(Body):
    advance: Annotated[float, Field(ge=0, le=A_YEAR, strict=False)]
    """Seconds."""


class Person(Body):
    login: Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?$")]
    roles: dict[str, Role] | None = None
    """By repository, `{"acme/shop": "write"}`."""


class Owner(Body):
    login: str


class Withheld(Body):
    account: str
    app: str = "otp-genesis"
    permissions: Annotated[list[str], Field(max_length=100)]
    """Names; empty: all that the App asks for are granted."""


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


@router.get("/routes")
async def routes(request: Request) -> Response:
    """Every operation of the API that is served, its path as GitHub's description writes it."""
    app: FastAPI = request.app
    served = [
        {"method": method.upper(), "path": path_in(path), "name": operation["operationId"]}
        for path, methods in app.openapi()["paths"].items()
        if surface_of(path) == "api"
        for method, operation in methods.items()
    ]
    return reply(served)


@router.get("/clock")
async def clock(request: Request) -> Response:
    return reply(_clock(_world(request)))


@router.post("/clock")
async def advance_clock(request: Request, wanted: Advance) -> Response:
    """Forward only: tokens expire, windows of limits end."""
    world = _world(request)
    try:
        world.clock.advance(wanted.advance)
    except (ValueError, OverflowError) as error:
        raise ApiError(422, str(error)) from error
    return reply(_clock(world))


def _clock(world: World) -> dict[str, Any]:
    return {"now": stamp(world.clock.now()), "ahead": world.clock.ahead.total_seconds()}


@router.get("/faults")
async def faults(request: Request) -> Response:
    return reply(_world(request).faults.plan)


@router.put("/faults")
async def set_faults(request: Request, plan: FaultPlan) -> Response:
    """The plan begins anew, with all its randomness and counts."""
    _world(request).faults.set(plan)
    return reply(plan)


@router.delete("/faults")
async def clear_faults(request: Request) -> Response:
    _world(request).faults.set(FaultPlan())
    return no_content()


@router.get("/faults/kinds")
async def fault_kinds() -> Response:
    return reply([{"kind": k, "meaning": MEANINGS[k], "reads": sorted(READS[k])} for k in KINDS])


@router.get("/faults/log")
async def fault_log(request: Request) -> Response:
    """What was let loose, oldest first; `?after=` a number gives what came since."""
    after = number_in(request, "after", 0)
    return reply([asdict(i) for i in _world(request).faults.log if i.number > after])


@router.get("/users")
async def users(request: Request) -> Response:
    tables = _world(request).tables
    return reply([{"login": a.login, "id": a.id, "type": a.type} for a in tables.accounts])


@router.post("/users")
async def add_user(request: Request, wanted: Person) -> Response:
    """A new person, or further roles for one there is; answers with a token to act with."""
    world = _world(request)
    found = world.tables.accounts.one("login", wanted.login.lower())
    if found is not None and found.type != "User":
        raise ApiError(422, f"{wanted.login!r} is no person.")
    roles = [(_repository_id(world, name), role) for name, role in (wanted.roles or {}).items()]
    now = world.clock.now()
    person = account(world, wanted.login, "User", now)
    for repository_id, role in roles:
        _give_role(world, repository_id, person.id, role)
    token = world.tables.tokens.one("account", person.id) or user_token(world.tables, person, now)
    return reply({"login": person.login, "id": person.id, "token": token.value}, 201)


def _repository_id(world: World, full_name: str) -> int:
    owner, _, name = full_name.partition("/")
    repository = world.repository_named(owner, name)
    if repository is None:
        raise ApiError(422, f"There is no repository {full_name[:200]!r}.")
    return repository.id


def _give_role(world: World, repository_id: int, account_id: int, role: Role) -> None:
    table = world.tables.collaborators
    found = table.one("one", (repository_id, account_id))
    if found is None:
        row = Collaborator(
            id=world.tables.next_id(),
            repository_id=repository_id,
            account_id=account_id,
            role=role,
        )
        table.add(row)
    else:
        found.role = role
        table.save(found)


@router.get("/tokens")
async def tokens(request: Request) -> Response:
    """A token of each person."""
    tables = _world(request).tables
    people = [a for a in tables.accounts if a.type == "User"]
    found = {a.login: tables.tokens.one("account", a.id) for a in people}
    return reply({login: token.value for login, token in found.items() if token is not None})


@router.post("/tokens")
async def add_token(request: Request, wanted: Owner) -> Response:
    """A further token of a person."""
    world = _world(request)
    person = world.tables.accounts.one("login", wanted.login.lower())
    if person is None or person.type != "User":
        raise not_found()
    token = user_token(world.tables, person, world.clock.now())
    return reply({"login": person.login, "token": token.value}, 201)


@router.put("/withheld")
async def withhold_permissions(request: Request, wanted: Withheld) -> Response:
    """As where an owner has not accepted what the App asks for since it was installed."""
    world = _world(request)
    account = world.tables.accounts.one("login", wanted.account.lower())
    app = world.tables.apps.one("slug", wanted.app)
    found = account and app and installation_on(world, app, account)
    if not account or not app or not found:
        raise not_found()
    if wanted.permissions:
        withhold(world, found, wanted.permissions)
    else:
        accept_permissions(world, Caller(actor=account), found)
    return no_content()


@router.get("/state")
async def state(request: Request) -> Response:
    """Fingerprints: equal ones mean that nothing has changed."""
    found = digests(_world(request).tables)
    whole = sha256("".join(d.hash for d in found.values()).encode()).hexdigest()
    return reply({"hash": whole, "tables": {name: asdict(d) for name, d in found.items()}})


@router.get("/exchanges")
async def exchanges(request: Request) -> Response:
    """What was asked of this GitHub, oldest first; `?writes=1` leaves out what only looked."""
    found = _world(request).exchanges.latest(
        writes=request.query_params.get("writes", "") in ("1", "true"),
        after=number_in(request, "after", 0),
        limit=min(number_in(request, "limit", 100), MOST_EXCHANGES),
    )
    return reply([asdict(exchange) | {"writes": exchange.writes} for exchange in found])
