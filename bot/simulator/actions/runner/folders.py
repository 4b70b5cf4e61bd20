"""The folders of one job: work space, temporary files, a home of its own."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

from bot.simulator.actions.runner.clearing import delete


@dataclass(frozen=True)
class Folders:
    root: Path
    workspace: Path
    temp: Path
    home: Path
    tools: Path
    actions: Path
    private: Path
    """What the runner keeps to itself: pipes and archives on their way."""

    @property
    def commands(self) -> Path:
        return self.temp / "_runner_file_commands"

    @property
    def event(self) -> Path:
        return self.temp / "_github_workflow" / "event.json"


def lay_out(work: Path, run_id: int, attempt: int, key: str, repository: str) -> Folders:
    """`<work>/<run>-<attempt>/<job>/<name>/<name>`; hashed, for a key may hold anything."""
    name = repository.partition("/")[2]
    job = hashlib.sha256(key.encode()).hexdigest()[:12]
    root = work / f"{run_id}-{attempt}" / job
    folders = Folders(
        root=root,
        workspace=root / name / name,
        temp=root / "_temp",
        home=root / "_home",
        tools=root / "_tool",
        actions=root / "_actions",
        private=root / "_private",
    )
    remove(work, root)
    for folder in (folders.workspace, folders.home, folders.tools, folders.actions):
        folder.mkdir(parents=True)
    for folder in (folders.commands, folders.event.parent, folders.private):
        folder.mkdir(parents=True)
    folders.private.chmod(0o700)
    return folders


def remove(work: Path, folder: Path) -> None:
    """Removes a job's folder, and its run's when that is empty; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        delete(work, folder)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()
