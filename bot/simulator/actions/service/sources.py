"""The repositories whose actions and workflows a run may use."""

from __future__ import annotations

import asyncio
import io
import tarfile
from pathlib import Path

from bot.simulator.actions.runner.unpacking import unpack
from bot.simulator.git import BareRepository, TooLarge, UnknownObject
from bot.simulator.records.actions import Run
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


class Sources:
    def __init__(self, world: World, run: Run) -> None:
        self.world = world
        self.run = run

    async def resolve(self, repository: str, ref: str) -> str | None:
        found = self._visible(repository)
        if found is None:
            return None
        try:
            return await self.world.git(found).resolve(ref)
        except UnknownObject:
            return None

    async def file_at(self, repository: str, commit: str, path: str) -> bytes | None:
        found = self._visible(repository)
        if found is None:
            return None
        git = self.world.git(found)
        try:
            entry = await git.entry_at(commit, path)
            return await git.blob(entry.sha) if entry.type == "blob" else None
        except (UnknownObject, TooLarge):
            return None

    async def export(self, repository: str, commit: str, folder: Path) -> None:
        found = self._visible(repository)
        assert found is not None
        data = await _archive(self.world.git(found), commit)
        await asyncio.to_thread(_unpack, data, folder)

    def _visible(self, full_name: str) -> Repository | None:
        """The run's own repository, and those everybody may read."""
        owner, _, name = full_name.partition("/")
        found = self.world.repository_named(owner, name)
        if found is None or (found.private and found.id != self.run.repository_id):
            return None
        return found


async def _archive(git: BareRepository, commit: str) -> bytes:
    return b"".join([part async for part in await git.archive(commit, "tar.gz")])


def _unpack(data: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        unpack(archive, lambda name: (folder, folder / name))
