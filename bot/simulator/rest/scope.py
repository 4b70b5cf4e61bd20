"""What a handler is given: the world, the caller, and the repository of its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from bot.simulator.errors import ApiError, Moved, not_accessible, not_found
from bot.simulator.git import BareRepository
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import can, may_see, require
from bot.simulator.records.accounts import Account, Level
from bot.simulator.records.repositories import Repository, Role
from bot.simulator.state.tables import Tables
from bot.simulator.world import World


@dataclass(frozen=True)
class Call:
    """One request's world and caller."""

    world: World
    caller: Caller
    request: Request

    @property
    def tables(self) -> Tables:
        return self.world.tables

    def actor(self) -> Account:
        """Who is acting.

        Raises:
            ApiError: 401 when nobody has signed in.
        """
        if self.caller.actor is None:
            raise ApiError(401, "Requires authentication")
        return self.caller.actor

    def person(self) -> Account:
        """Who is acting, who is no App.

        Raises:
            ApiError: 401 when nobody has signed in, 403 for an App.
        """
        actor = self.actor()
        if not self.caller.is_user:
            raise not_accessible()
        return actor

    def account_named(self, login: str) -> Account:
        """Raises:
        ApiError: 404.
        """
        found = self.tables.accounts.one("login", login.lower())
        if found is None:
            raise not_found()
        return found


@dataclass(frozen=True)
class Here(Call):
    """A call about one repository, which the caller may see."""

    repository: Repository

    @property
    def git(self) -> BareRepository:
        return self.world.git(self.repository)

    def can(self, permission: str, level: Level, role: Role) -> bool:
        """As `identity.rights.can`."""
        return can(self.tables, self.caller, self.repository, permission, level, role)

    def require(self, permission: str, level: Level, role: Role | None = None) -> None:
        """As `identity.rights.require`."""
        require(self.tables, self.caller, self.repository, permission, level, role)


async def call_of(request: Request) -> Call:
    return Call(request.app.state.world, request.state.caller, request)


async def here_of(request: Request, owner: str, repo: str) -> Here:
    """Raises:
    ApiError: 404 for a repository that is not there or not for this caller.
    Moved: it has another name now.
    """
    world: World = request.app.state.world
    caller: Caller = request.state.caller
    repository = world.repository_named(owner, repo)
    former = None if repository else world.repository_once_named(owner, repo)
    if former is not None and may_see(world.tables, caller, former):
        raise _moved(request, world, former)
    if repository is None or not may_see(world.tables, caller, repository):
        raise not_found()
    return Here(world, caller, request, repository)


def _moved(request: Request, world: World, repository: Repository) -> Moved:
    """The same path below the repository's id, which no renaming changes."""
    below = request.url.path.partition("/repos/")[2].split("/", 2)[2:]
    place = "/".join([f"{world.urls.api}/repositories/{repository.id}", *map(quote, below)])
    query = f"?{request.url.query}" if request.url.query else ""
    return Moved(place + query, permanently=request.method == "GET")


Calling = Annotated[Call, Depends(call_of)]
AtRepository = Annotated[Here, Depends(here_of)]
