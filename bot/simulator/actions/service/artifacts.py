"""The artifacts of a run."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.simulator.actions.host import Artifact as KeptArtifact
from bot.simulator.actions.host import ArtifactRefused
from bot.simulator.actions.runner.globs import digest
from bot.simulator.actions.service.storage import Storage
from bot.simulator.records.actions import Artifact, Run
from bot.simulator.world import World

ARTIFACT_DAYS = 90
MAX_ARTIFACTS = 500


class Artifacts:
    def __init__(self, world: World, run: Run, storage: Storage) -> None:
        self.world = world
        self.run = run
        self.storage = storage

    async def save(
        self, name: str, archive: Path, days: int | None, *, overwrite: bool
    ) -> KeptArtifact:
        """The archive is moved first, to where no step changes it while it is being read."""
        id = self.world.tables.next_id()
        path = self.storage.artifact(id)
        self.storage.keep(archive, path)
        try:
            found = await asyncio.to_thread(_digest, path)
            self._make_room(name, overwrite=overwrite)
        except BaseException:
            self.storage.drop(path)
            raise
        return self._keep(id, name, found, days or ARTIFACT_DAYS)

    def _make_room(self, name: str, *, overwrite: bool) -> None:
        there = self.world.tables.artifacts.where("run", self.run.id)
        same = [row for row in there if row.name == name]
        if same and not overwrite:
            raise ArtifactRefused(
                "Received non-retryable error: Failed request: (409) Conflict: an artifact with"
                " this name already exists on the workflow run"
            )
        if len(there) >= MAX_ARTIFACTS and not same:
            raise ArtifactRefused(f"A run has at most {MAX_ARTIFACTS} artifacts")
        for row in same:
            self.world.tables.artifacts.remove(row)
            self.storage.drop(self.storage.artifact(row.id))

    def _keep(self, id: int, name: str, sha256: str, days: int) -> KeptArtifact:
        now = self.world.clock.now()
        row = Artifact(
            id=id,
            repository_id=self.run.repository_id,
            run_id=self.run.id,
            name=name,
            size=self.storage.artifact(id).stat().st_size,
            digest=sha256,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        self.world.tables.artifacts.add(row)
        self.world.commit()
        return self._artifact(row)

    def _artifact(self, row: Artifact) -> KeptArtifact:
        return KeptArtifact(row.id, row.name, row.digest, row.size, self.storage.artifact(row.id))

    def of_run(self, run_id: int | None) -> list[KeptArtifact]:
        run = self.run if run_id is None else self.world.tables.runs.get(run_id)
        if run is None or run.repository_id != self.run.repository_id:
            raise ArtifactRefused(f"there is no run {run_id} in this repository")
        now = self.world.clock.now()
        rows = self.world.tables.artifacts.where("run", run.id)
        return [self._artifact(row) for row in rows if row.expires_at > now]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return digest(file).hex()
