"""A host in memory, and one call that runs a workflow on it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.simulator.actions.host import (
    Annotation,
    Artifact,
    ArtifactRefused,
    Cache,
    JobView,
    Statement,
)
from bot.simulator.actions.runner.limits import Delays, Limits
from bot.simulator.actions.runner.request import RunRequest, Settings, Urls
from bot.simulator.actions.runner.run import WorkflowRun
from bot.simulator.actions.workflow.loader import load_workflow
from bot.simulator.actions.workflow.model import Permissions
from bot.simulator.actions.workflow.permissions import everything

SHOP = "acme/shop"
SHA = "1" * 40
QUICK = Delays(interrupt=0.3, terminate=0.3, drain=0.3, minute=1.0)
"""A minute of `timeout-minutes` lasts a second."""

Files = Mapping[str, str]


@dataclass
class MemoryHost:
    """`repositories`: files by `owner/name@ref`."""

    folder: Path
    repositories: dict[str, Files] = field(default_factory=dict)
    jobs: dict[str, JobView] = field(default_factory=dict)
    history: list[JobView] = field(default_factory=list)
    lines: list[tuple[str, int, str]] = field(default_factory=list)
    annotations: list[tuple[str, Annotation]] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    tokens: dict[str, Permissions] = field(default_factory=dict)
    kept: dict[str, Artifact] = field(default_factory=dict)
    caches: list[tuple[str, str, Path]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    groups: dict[str, asyncio.Lock] = field(default_factory=dict)
    on_change: Callable[[JobView], object] | None = None
    on_log: Callable[[str], object] | None = None

    async def resolve(self, repository: str, ref: str) -> str | None:
        known = f"{repository}@{ref}" in self.repositories
        return hashlib.sha1(f"{repository}@{ref}".encode()).hexdigest() if known else None  # noqa: S324 - a made-up commit

    def _files(self, repository: str, commit: str) -> Files:
        for name, files in self.repositories.items():
            if hashlib.sha1(name.encode()).hexdigest() == commit:  # noqa: S324 - a made-up commit
                return files
        return self.repositories.get(f"{repository}@{commit}", {})

    async def file_at(self, repository: str, commit: str, path: str) -> bytes | None:
        text = self._files(repository, commit).get(path)
        return None if text is None else text.encode()

    async def export(self, repository: str, commit: str, folder: Path) -> None:
        for path, text in self._files(repository, commit).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)

    def job_changed(self, job: JobView) -> None:
        self.jobs[job.key] = job
        self.history.append(job)
        if self.on_change is not None:
            self.on_change(job)

    def log(self, job: str, step: int, lines: Sequence[str]) -> None:
        for line in lines:
            self.lines.append((job, step, line.partition(" ")[2]))
            if self.on_log is not None:
                self.on_log(line)

    def annotate(self, job: str, step: int, annotation: Annotation) -> None:
        self.annotations.append((job, annotation))

    def summarize(self, job: str, step: int, markdown: str) -> None:
        self.summaries.append(markdown)

    async def mint_token(self, job: str, permissions: Permissions) -> str:
        token = f"ghs_{hashlib.sha256(job.encode()).hexdigest()[:36]}"
        self.tokens[job] = permissions
        return token

    @asynccontextmanager
    async def turn(
        self, job: str, group: str, cancel_in_progress: bool, cancel: Callable[[], None]
    ) -> AsyncIterator[bool]:
        async with self.groups.setdefault(group, asyncio.Lock()):
            yield True

    async def save_artifact(
        self, name: str, archive: Path, days: int | None, *, overwrite: bool
    ) -> Artifact:
        if name in self.kept and not overwrite:
            raise ArtifactRefused("an artifact with this name already exists on the workflow run")
        target = self.folder / f"artifact-{len(self.kept)}.zip"
        shutil.move(archive, target)
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        size = target.stat().st_size
        self.kept[name] = Artifact(len(self.kept) + 1, name, digest, size, target)
        return self.kept[name]

    async def artifacts(self, run_id: int | None) -> Sequence[Artifact]:
        if run_id is not None:
            raise ArtifactRefused("no such run")
        return list(self.kept.values())

    async def find_cache(self, keys: Sequence[str], version: str) -> Cache | None:
        for index, key in enumerate(keys):
            for name, of, archive in reversed(self.caches):
                if of == version and (name == key or (index > 0 and name.startswith(key))):
                    return Cache(name, archive)
        return None

    async def save_cache(self, key: str, version: str, archive: Path) -> bool:
        if any((key, version) == entry[:2] for entry in self.caches):
            return False
        target = self.folder / f"cache-{len(self.caches)}.tar"
        shutil.move(archive, target)
        self.caches.append((key, version, target))
        return True

    async def attest(self, statement: Statement) -> int:
        self.statements.append(statement)
        return len(self.statements)

    def text(self, job: str = "") -> str:
        """The log, of one job or of all."""
        return "\n".join(line for key, _, line in self.lines if job in ("", key))

    def steps(self, job: str) -> dict[str, str]:
        """The conclusion of each step by its name."""
        return {step.name: str(step.conclusion) for step in self.jobs[job].steps}


@dataclass
class Ran:
    """A run that ended."""

    conclusion: str
    host: MemoryHost
    run: WorkflowRun

    def result(self, job: str) -> str:
        return str(self.host.jobs[job].conclusion)

    @property
    def text(self) -> str:
        return self.host.text()


@dataclass
class Bench:
    """Runs workflows; `settings` and `request` are changed by keyword."""

    folder: Path
    host: MemoryHost

    def settings(self, **changes: Any) -> Settings:
        settings = Settings(
            work=self.folder / "work",
            path=os.environ["PATH"],
            slots=asyncio.Semaphore(4),
            limits=Limits(free_bytes=0, nice=0),
            delays=QUICK,
        )
        return replace(settings, **changes)

    def run(
        self, text: str, *, settings: Mapping[str, Any] | None = None, **changes: Any
    ) -> WorkflowRun:
        path = ".github/workflows/ci.yml"
        request = RunRequest(
            run_id=7,
            run_number=3,
            attempt=1,
            repository=SHOP,
            repository_id=11,
            owner_id=12,
            workflow=load_workflow(text.encode(), path),
            workflow_ref=f"{SHOP}/{path}@refs/heads/main",
            workflow_sha=SHA,
            event_name="push",
            event={"ref": "refs/heads/main"},
            ref="refs/heads/main",
            sha=SHA,
            actor="writer",
            actor_id=5,
            triggering_actor="writer",
            urls=Urls("http://127.0.0.1:1", "http://127.0.0.1:1/api/v3", "http://127.0.0.1:1/g"),
            permissions=everything("write"),
        )
        return WorkflowRun(
            replace(request, **changes), self.host, self.settings(**(settings or {}))
        )

    async def __call__(self, text: str, **changes: Any) -> Ran:
        run = self.run(text, **changes)
        return await self.finish(run)

    async def finish(self, run: WorkflowRun) -> Ran:
        return Ran(await run.execute(await run.prepare()), self.host, run)


def job(*steps: str, before: str = "", name: str = "build") -> str:
    """A workflow with one job of `run` steps; each step is YAML after its dash, or a script."""
    written = "\n".join(
        "      - " + (s if s.startswith(("run:", "uses:", "id:", "if:", "name:")) else f"run: {s}")
        for s in steps
    )
    extra = "".join(f"    {line}\n" for line in before.splitlines())
    return f"on: push\njobs:\n  {name}:\n    runs-on: ubuntu-latest\n{extra}    steps:\n{written}\n"
