"""Who may clone, fetch and push, by the simulator's people and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.simulator.domain.repositories.protections import push_policy
from bot.simulator.domain.repositories.pushes import refs_changed
from bot.simulator.errors import ApiError
from bot.simulator.git import Admission, Denied, PushPolicy, RefChange
from bot.simulator.identity.caller import ANONYMOUS, Caller
from bot.simulator.identity.rights import can, may_see, may_write_workflows
from bot.simulator.identity.tokens import caller_with
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

PUSH = "git-receive-pack"
BASIC_USERS = ("x-oauth-basic", "")
"""As a password: the token stands in the place of the user."""


@dataclass(frozen=True)
class Pusher:
    """What comes back with a push that was landed."""

    caller: Caller
    repository: Repository


class Gatekeeper:
    """The gate of `git_routes`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def admit(
        self, owner: str, name: str, service: str, credentials: tuple[str, str] | None
    ) -> Admission:
        caller = self._caller(credentials)
        repository = self._repository(owner, name, caller)
        policy = PushPolicy()
        if service == PUSH:
            self._check_push(caller, repository)
            policy = replace(
                push_policy(self._world, caller, repository),
                may_write_workflows=may_write_workflows(caller, repository),
            )
        elif not can(self._world.tables, caller, repository, "contents", "read", "read"):
            raise Denied(403, "Write access to repository not granted.")
        return Admission(self._world.git(repository), Pusher(caller, repository), policy)

    async def pushed(self, admission: Admission, changes: Sequence[RefChange]) -> None:
        pusher = admission.actor
        assert isinstance(pusher, Pusher)
        await refs_changed(self._world, pusher.caller, pusher.repository, changes)
        self._world.commit()

    def _caller(self, credentials: tuple[str, str] | None) -> Caller:
        if credentials is None:
            return ANONYMOUS
        user, password = credentials
        token = user if password in BASIC_USERS else password
        try:
            caller = caller_with(self._world.tables, token, self._world.clock.now())
        except ApiError as error:
            if error.status == 403:
                raise Denied(403, error.message) from error
            caller = ANONYMOUS
        if caller.token is None:
            raise Denied(
                401,
                "Invalid username or token. Password authentication is not supported for"
                " Git operations.",
                challenge=True,
            )
        return caller

    def _repository(self, owner: str, name: str, caller: Caller) -> Repository:
        """Also by a former name, as git follows no redirect when it pushes."""
        world = self._world
        found = world.repository_named(owner, name) or world.repository_once_named(owner, name)
        if found is not None and may_see(world.tables, caller, found):
            return found
        if caller.actor is None:
            raise Denied(401, "Repository not found.", challenge=True)
        raise Denied(404, "Repository not found.")

    def _check_push(self, caller: Caller, repository: Repository) -> None:
        if caller.actor is None:
            raise Denied(401, "No anonymous write access.", challenge=True)
        if repository.archived:
            raise Denied(403, "This repository was archived so it is read-only.")
        if not can(self._world.tables, caller, repository, "contents", "write", "write"):
            place = f"{self._world.full_name(repository)}.git"
            raise Denied(403, f"Permission to {place} denied to {caller.actor.login}.")
