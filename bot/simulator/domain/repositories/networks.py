"""Forks of one another, whose commits can be named across them."""

from __future__ import annotations

from bot.simulator.git import UnknownObject
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import may_see
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def root_of(world: World, repository: Repository) -> Repository:
    """What all forks come from in the end."""
    parent = world.tables.repositories.get(repository.fork_of_id)
    return repository if parent is None else root_of(world, parent)


def members_of(world: World, repository: Repository) -> list[Repository]:
    """The root and all its forks, and theirs."""
    found = [root_of(world, repository)]
    for member in found:
        found += world.tables.repositories.where("fork_of", member.id)
    return found


async def resolve_across(
    world: World, caller: Caller, repository: Repository, revision: str
) -> str:
    """The sha of `branch`, `owner:branch` or `owner:repo:branch`, whose commit is brought here.

    Forks that `caller` may not see are not there.

    Raises:
        UnknownObject: there is no such revision in the network.
    """
    owner, _, name = revision.rpartition(":")
    if not owner:
        return await world.git(repository).resolve(revision)
    login, _, named = owner.partition(":")
    for member in members_of(world, repository):
        same_owner = world.owner(member).login.lower() == login.lower()
        if not may_see(world.tables, caller, member):
            continue
        if same_owner and named.lower() in ("", member.name.lower()):
            sha = await world.git(member).resolve(name)
            await world.git(repository).bring(world.git(member), sha)
            return sha
    raise UnknownObject(f"there is no {owner[:200]!r} in the network")
