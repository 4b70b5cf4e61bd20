"""Changing the refs of repositories one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.simulator.errors import not_found
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


@asynccontextmanager
async def writing(world: World, *repositories: Repository) -> AsyncIterator[None]:
    """Nobody else changes refs of these, or deletes one of them. Whoever holds the lock of one
    must not wait for another's, as two could wait for each other then; here the order prevents it.

    Raises:
        ApiError: 404 for one that was deleted while it was waited for.
    """
    async with AsyncExitStack() as held:
        for repository in sorted(repositories, key=lambda repository: repository.id):
            await held.enter_async_context(world.git(repository).writing())
        if any(world.tables.repositories.get(each.id) is None for each in repositories):
            raise not_found()
        yield
