"""Forking."""

from __future__ import annotations

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.repositories.networks import members_of
from bot.simulator.domain.repositories.repositories import Plan, create_repository
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import may_see
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Repository
from bot.simulator.views.repositories import full_repository_view
from bot.simulator.world import World


async def fork_repository(
    world: World,
    caller: Caller,
    repository: Repository,
    owner: Account,
    *,
    name: str | None = None,
    only_default: bool = False,
) -> Repository:
    """The fork that the owner has already, if the caller may see it, or a new one of branches and
    tags.

    Raises:
        ApiError: 422 where the owner has another repository of that name.
    """
    for member in members_of(world, repository):
        is_theirs = member.owner_id == owner.id and member.id != repository.id
        if is_theirs and may_see(world.tables, caller, member):
            return member
    settings = {
        "description": repository.description,
        "default_branch": repository.default_branch,
        "private": repository.private,
        "has_issues": False,
    }
    plan = Plan(
        owner,
        name or repository.name,
        settings,
        fork_of=repository,
        only_default=only_default,
    )
    fork = await create_repository(world, caller, plan)
    view = full_repository_view(world, fork, caller.actor)
    tell(world, "fork", None, caller, repository, forkee=view)
    return fork
