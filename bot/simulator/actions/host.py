"""What the runner needs from whoever hosts it, and the data it hands over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from bot.simulator.actions.workflow.model import Permissions

Status = Literal["queued", "in_progress", "completed", "waiting", "pending"]
Conclusion = Literal["success", "failure", "cancelled", "skipped"]
Severity = Literal["notice", "warning", "failure"]


@dataclass(frozen=True)
class StepView:
    number: int
    name: str
    status: Status
    conclusion: Conclusion | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True)
class JobView:
    """A job as people see it. `key` is unique in its run and the same in every attempt."""

    key: str
    name: str
    status: Status
    conclusion: Conclusion | None = None
    labels: tuple[str, ...] = ()
    started_at: datetime | None = None
    completed_at: datetime | None = None
    steps: tuple[StepView, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    succeeded: bool = False
    """Whether those who need it may go on: also true of a failure with continue-on-error."""


@dataclass(frozen=True)
class Annotation:
    severity: Severity
    message: str
    title: str = ""
    path: str = ".github"
    start_line: int = 1
    end_line: int = 1
    start_column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True)
class Artifact:
    id: int
    name: str
    digest: str
    """sha256 in hex, of the zip file."""
    size: int
    archive: Path


class ArtifactRefused(ValueError):
    """An artifact that cannot be kept or found; the text says why."""


@dataclass(frozen=True)
class Cache:
    key: str
    archive: Path


@dataclass(frozen=True)
class Statement:
    """An in-toto statement about files; nobody signs it here."""

    subjects: tuple[tuple[str, str], ...]
    """Names with their sha256 in hex."""
    predicate_type: str
    predicate: Any


class Host(Protocol):
    """The repositories, the state and the settings around one run.

    `repository` is always `owner/name`; `job` is a JobView's key.
    """

    async def resolve(self, repository: str, ref: str) -> str | None:
        """The commit a ref names; None where there is no such repository or ref."""

    async def file_at(self, repository: str, commit: str, path: str) -> bytes | None: ...

    async def export(self, repository: str, commit: str, folder: Path) -> None:
        """Writes the files of the commit into the folder, which exists and is empty."""

    def job_changed(self, job: JobView) -> None:
        """Told at every change of the job or of its steps."""

    def log(self, job: str, step: int, lines: Sequence[str]) -> None:
        """Lines with their timestamps, secrets already masked."""

    def annotate(self, job: str, step: int, annotation: Annotation) -> None: ...

    def summarize(self, job: str, step: int, markdown: str) -> None: ...

    async def mint_token(self, job: str, permissions: Permissions) -> str:
        """A GITHUB_TOKEN; the host revokes it when the job completes."""

    def turn(
        self, job: str, group: str, cancel_in_progress: bool, cancel: Callable[[], None]
    ) -> AbstractAsyncContextManager[bool]:
        """Waits for the job's concurrency group. False: a newer one took its place in the queue.
        `cancel` is called when one that may cancel it comes."""

    async def save_artifact(
        self, name: str, archive: Path, days: int | None, *, overwrite: bool
    ) -> Artifact:
        """Takes the file over. Raises ArtifactRefused, for instance where the name is taken."""

    async def artifacts(self, run_id: int | None) -> Sequence[Artifact]:
        """Those of this run, or of another run of the repository."""

    async def find_cache(self, keys: Sequence[str], version: str) -> Cache | None:
        """The first key exactly, else the newest entry beginning with one of the keys in order."""

    async def save_cache(self, key: str, version: str, archive: Path) -> bool:
        """Takes the file over. False: the key is taken, and entries never change."""

    async def attest(self, statement: Statement) -> int:
        """Keeps the statement; gives its id."""
