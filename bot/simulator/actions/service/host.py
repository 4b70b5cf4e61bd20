"""The runner's host on the real state: one per attempt of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import get_args

from bot.simulator.actions import host as runner
from bot.simulator.actions.builtin.attest import in_toto
from bot.simulator.actions.service.announcing import add_check, follow_job, tell_job
from bot.simulator.actions.service.artifacts import Artifacts
from bot.simulator.actions.service.caches import Caches
from bot.simulator.actions.service.groups import Groups
from bot.simulator.actions.service.sources import Sources
from bot.simulator.actions.service.storage import Storage
from bot.simulator.actions.service.tokens import mint_token
from bot.simulator.actions.workflow.model import Permissions
from bot.simulator.records.accounts import Token
from bot.simulator.records.actions import Attestation, Job, Run, Step
from bot.simulator.records.checks import Annotation
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

ANNOTATIONS_A_STEP = 10
"""Of each severity."""
ANNOTATIONS_A_JOB = 50
MAX_MESSAGE = 64 * 1024
SHOWN_LATER = 0.2
"""Seconds until what steps changed is durable; what jobs and runs change is so at once."""


class StateHost:
    """Changes of jobs go to the records, the checks and those who listen."""

    def __init__(self, world: World, run: Run, storage: Storage, groups: Groups) -> None:
        self.world = world
        self.run = run
        self.attempt = run.latest.number
        self.storage = storage
        self.groups = groups
        self.rows: dict[str, Job] = {}
        self.tokens: dict[str, Token] = {}
        self.counts: dict[tuple[str, int, str], int] = {}
        self.caches = Caches(world, run, storage)
        self.kept = Artifacts(world, run, storage)
        self.sources = Sources(world, run)
        self.lost: Callable[[str], None] = lambda key: None
        """Called for a job whose runner a fault takes away."""
        self._pending: asyncio.TimerHandle | None = None

    @property
    def repository(self) -> Repository:
        return self.world.tables.repositories[self.run.repository_id]

    async def resolve(self, repository: str, ref: str) -> str | None:
        return await self.sources.resolve(repository, ref)

    async def file_at(self, repository: str, commit: str, path: str) -> bytes | None:
        return await self.sources.file_at(repository, commit, path)

    async def export(self, repository: str, commit: str, folder: Path) -> None:
        await self.sources.export(repository, commit, folder)

    @property
    def is_gone(self) -> bool:
        """Whether the run was removed, together with its repository, while its jobs went on."""
        return self.world.tables.runs.get(self.run.id) is None

    def job_changed(self, job: runner.JobView) -> None:
        if self.is_gone:
            return
        row = self.rows.get(job.key)
        was = None if row is None else row.status
        row = self._new_row(job) if row is None else self._update(row, job)
        if was == row.status:
            self._commit_soon()
            return
        if row.status == "completed":
            self._revoke(job.key)
        if was is not None:
            follow_job(self.world, row)
        tell_job(self.world, row, _action(row.status))
        if row.status == "in_progress" and self.world.faults.wants("runner_lost", row.name):
            self.lost(job.key)
        self.world.commit()

    def _revoke(self, job: str) -> None:
        token = self.tokens.pop(job, None)
        if token is not None and self.world.tables.tokens.get(token.id) is not None:
            self.world.tables.tokens.remove(token)

    def _new_row(self, job: runner.JobView) -> Job:
        tables = self.world.tables
        id = tables.next_id()
        row = Job(
            id=id,
            repository_id=self.run.repository_id,
            run_id=self.run.id,
            attempt=self.attempt,
            key=job.key,
            name=job.name,
            status=job.status,
            check_run_id=id,
            created_at=self.world.clock.now(),
        )
        self.rows[job.key] = self._update(row, job)
        add_check(self.world, self.run, row)
        if row.status == "completed":
            follow_job(self.world, row)
        return row

    def _update(self, row: Job, job: runner.JobView) -> Job:
        row.status, row.conclusion = job.status, job.conclusion
        row.labels = list(job.labels)
        row.outputs, row.succeeded = dict(job.outputs), job.succeeded
        row.started_at, row.completed_at = job.started_at, job.completed_at
        row.runner_name = "GitHub Actions 1" if job.steps else row.runner_name
        row.steps = [
            Step(
                number=step.number,
                name=step.name,
                status=step.status,
                conclusion=step.conclusion,
                started_at=step.started_at,
                completed_at=step.completed_at,
            )
            for step in job.steps
        ]
        self.world.tables.jobs.save(row)
        return row

    def _commit_soon(self) -> None:
        if self._pending is None:
            loop = asyncio.get_running_loop()
            self._pending = loop.call_later(SHOWN_LATER, self._commit)

    def _commit(self) -> None:
        self._pending = None
        if not self.world.closed:
            self.world.commit()

    def log(self, job: str, step: int, lines: Sequence[str]) -> None:
        if not self.is_gone:
            self.storage.append_log(self.rows[job].id, step, lines)

    def annotate(self, job: str, step: int, annotation: runner.Annotation) -> None:
        """More than GitHub takes are dropped."""
        if self.is_gone:
            return
        check = self.world.tables.check_runs[self.rows[job].check_run_id]
        key = (job, step, annotation.severity)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.counts[key] > ANNOTATIONS_A_STEP or len(check.annotations) >= ANNOTATIONS_A_JOB:
            return
        check.annotations = [*check.annotations, _annotation(annotation)]
        self.world.tables.check_runs.save(check)

    def summarize(self, job: str, step: int, markdown: str) -> None:
        if not self.is_gone:
            self.storage.add_summary(self.rows[job].id, markdown)

    async def mint_token(self, job: str, permissions: Permissions) -> str:
        token = mint_token(self.world, self.repository, self.run, permissions)
        self.tokens[job] = token
        self.world.commit()
        return token.value

    def turn(
        self, job: str, group: str, cancel_in_progress: bool, cancel: Callable[[], None]
    ) -> AbstractAsyncContextManager[bool]:
        key = (self.run.repository_id, group.lower())
        return self.groups.turn(key, cancel_in_progress, cancel)

    async def save_artifact(
        self, name: str, archive: Path, days: int | None, *, overwrite: bool
    ) -> runner.Artifact:
        return await self.kept.save(name, archive, days, overwrite=overwrite)

    async def artifacts(self, run_id: int | None) -> Sequence[runner.Artifact]:
        return self.kept.of_run(run_id)

    async def find_cache(self, keys: Sequence[str], version: str) -> runner.Cache | None:
        return self.caches.find(keys, version)

    async def save_cache(self, key: str, version: str, archive: Path) -> bool:
        return self.caches.save(key, version, archive)

    async def attest(self, statement: runner.Statement) -> int:
        row = Attestation(
            id=self.world.tables.next_id(),
            repository_id=self.run.repository_id,
            run_id=self.run.id,
            digests=[f"sha256:{digest}" for _, digest in statement.subjects],
            statement=in_toto(statement),
            created_at=self.world.clock.now(),
        )
        self.world.tables.attestations.add(row)
        self.world.commit()
        return row.id


def _action(status: str) -> str:
    assert status in get_args(runner.Status)
    return status


def _annotation(annotation: runner.Annotation) -> Annotation:
    return Annotation(
        path=annotation.path,
        start_line=annotation.start_line,
        end_line=annotation.end_line,
        start_column=annotation.start_column,
        end_column=annotation.end_column,
        annotation_level=annotation.severity,
        title=annotation.title or None,
        message=annotation.message[:MAX_MESSAGE],
    )
