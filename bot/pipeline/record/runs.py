"""The record of pipeline runs: what was asked, answered and paid, and what can go on."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from bot.core.model import Record
from bot.errors import Busy, Unusable
from bot.pipeline.record.checkpoints import write_atomically

Status = Literal["running", "succeeded", "failed", "interrupted"]


class RunRecord(Record):
    """One run as it is remembered; times are ISO 8601 in UTC."""

    format: Literal[1] = 1
    id: str
    workflow: str
    file: str
    """Absolute path of the pipeline."""
    key: str
    """Hash of what makes a later call the same run: file, inputs, code base and its commit."""
    inputs: dict[str, Any] = Field(default_factory=dict)
    started: datetime
    ended: datetime | None = None
    status: Status = "running"
    lives: int = 1
    """How often it was begun: once, and once for each time it was taken up again."""
    error: str = ""
    hint: str = ""
    failed_step: str = ""
    repository: str = ""
    commit: str = ""
    """Where the work began."""
    branch: str = ""
    """Where its commits are, if it made any."""
    usage: dict[str, float] = Field(default_factory=dict)
    """Sums over all lives: tokens, calls, US dollars."""


@dataclass(frozen=True)
class Run:
    """One run's directory."""

    directory: Path

    @property
    def id(self) -> str:
        """Its name."""
        return self.directory.name

    @property
    def trace(self) -> Path:
        """A line of JSON for each step that ended."""
        return self.directory / "trace.jsonl"

    @property
    def exchanges(self) -> Path:
        """A line of JSON for each model call, with what was asked and answered."""
        return self.directory / "exchanges.jsonl"

    @property
    def answers(self) -> Path:
        """Paid answers a resumed run does not pay for again."""
        return self.directory / "answers"

    @property
    def points(self) -> Path:
        """Where `checkpoint` steps keep what a resumed run starts from."""
        return self.directory / "points"

    @property
    def outputs(self) -> Path:
        """Files written by `output_to_file`, unless the user named another place."""
        return self.directory / "outputs"

    @property
    def asked(self) -> Path:
        """The inputs as they were given, for a replay."""
        return self.directory / "asked.json"

    @property
    def results(self) -> Path:
        """The outputs of the workflow and the data of its steps, once it has ended."""
        return self.directory / "result.json"

    @property
    def patch(self) -> Path:
        """What the run left uncommitted in its work tree."""
        return self.directory / "change.patch"

    def load(self) -> RunRecord:
        """The record; one whose process is gone without a word is `interrupted`."""
        record = _read(self.directory / "run.json")
        if record.status == "running" and not self.alive():
            return record.model_copy(update={"status": "interrupted"})
        return record

    def save(self, record: RunRecord) -> None:
        """Write the record; the old one or the new one is there at any time."""
        write_atomically(self.directory / "run.json", record.model_dump(mode="json"))

    def alive(self) -> bool:
        """Whether a process works on it now."""
        try:
            with self.held():
                return False
        except Busy:
            return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the run; the system frees it when we die. Raises `Busy`."""
        handle = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self._take(handle)
            yield
        finally:
            os.close(handle)

    def _take(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise Busy(
                f"run {self.id} is going on in another process",
                hint="wait for it or stop it, then run again",
            ) from error


class RunStore:
    """All runs of this user, one directory each."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, record: RunRecord) -> Run:
        """A new run under `record.id`, made unique; the record is written."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in range(1, 1000):
            name = record.id if number == 1 else f"{record.id}-{number}"
            try:
                (self._root / name).mkdir(mode=0o700)
            except FileExistsError:
                continue
            run = Run(self._root / name)
            run.save(record.model_copy(update={"id": name}))
            return run
        raise Unusable(f"there are too many runs called {record.id!r}")

    def unfinished(self, key: str) -> Run | None:
        """The newest run of the same call that did not succeed and nobody works on."""
        for run, record in self.all():
            if record.key == key:
                return run if record.status in ("failed", "interrupted") else None
        return None

    def all(self) -> list[tuple[Run, RunRecord]]:
        """Every run that can be read, newest first."""
        found = []
        for directory in self._root.iterdir() if self._root.is_dir() else ():
            run = Run(directory)
            try:
                found.append((run, run.load()))
            except Unusable:
                continue
        return sorted(found, key=lambda pair: (pair[1].started, pair[0].id), reverse=True)

    def find(self, name: str) -> Run:
        """The run of this id, or the only one that starts like this; empty: the newest."""
        ids = [run for run, _ in self.all() if run.id.startswith(name)]
        exact = [run for run in ids if run.id == name]
        if exact or (ids and (not name or len(ids) == 1)):
            return (exact or ids)[0]
        what = f"{len(ids)} runs start with" if ids else "there is no run"
        raise Unusable(f"{what} {name!r}", hint="`genesis pipeline runs` lists them")

    def remove(self, run: Run) -> None:
        """Forget a run with everything it kept; raises `Busy` while it goes on."""
        with run.held():
            shutil.rmtree(run.directory)


def run_id(workflow: str, started: datetime) -> str:
    """`20260131-140501-plan`: when, and what."""
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in workflow.lower())
    short = "-".join(filter(None, name.split("-")))[:40].rstrip("-")
    return f"{started:%Y%m%d-%H%M%S}-{short or 'pipeline'}"


def add_usage(before: Mapping[str, float], more: Mapping[str, float]) -> dict[str, float]:
    """The sums of two."""
    return {name: before.get(name, 0) + more.get(name, 0) for name in {*before, *more}}


def _read(path: Path) -> RunRecord:
    try:
        return RunRecord.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValidationError, ValueError) as error:
        raise Unusable(
            f"the record of run {path.parent.name!r} cannot be read",
            hint="remove its directory, or restore the file",
        ) from error


def load_json(path: Path) -> Any:
    """A file of ours, None where there is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError:
        return None
