"""Renaming branches."""

from __future__ import annotations

import contextlib

from bot.simulator.domain.pulls.edits import retarget
from bot.simulator.domain.repositories.pushed import HEADS
from bot.simulator.domain.repositories.refs import change_refs
from bot.simulator.domain.repositories.repositories import edit_repository
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError
from bot.simulator.git import RefChange, is_branch_name
from bot.simulator.identity.caller import Caller
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


async def rename_branch(
    world: World, caller: Caller, repository: Repository, old: str, new: str
) -> None:
    """Takes along what is aimed at it: pull requests into it, its protection, being the default.

    Raises:
        ApiError: 404 where it is not there, 422 for a bad name and one that is taken.
    """
    git = world.git(repository)
    if not is_branch_name(new):
        raise ApiError(422, f"{new[:200]} is not a valid branch name.")
    async with writing(world, repository):
        sha = git.ref(HEADS + old)
        if sha is None:
            raise ApiError(404, "Branch not found")
        await change_refs(world, caller, repository, [RefChange(HEADS + new, None, sha)])
        for pull in world.tables.pulls.where("base", (repository.id, old)):
            # One that cannot follow is closed with its base.
            with contextlib.suppress(ApiError):
                await retarget(world, caller, repository, pull, new)
        protection = world.tables.protections.one("branch", (repository.id, old))
        if protection is not None:
            protection.branch = new
            world.tables.protections.save(protection)
        if repository.default_branch == old:
            await edit_repository(world, caller, repository, {"default_branch": new})
        gone = RefChange(HEADS + old, sha, None)
        await change_refs(world, caller, repository, [gone], ruled=False)
