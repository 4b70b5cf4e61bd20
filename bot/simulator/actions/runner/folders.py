"""The folders of one job: work space, temporary files, a home of its own."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from bot.simulator.actions.runner.clearing import delete
from bot.simulator.actions.runner.inside import folder, path_of

_BUSY = threading.Lock()
"""So that no job finds the folder of its run gone in which it is about to make its own."""


@dataclass(frozen=True)
class Folders:
    """Paths without links, as long as no step puts one there."""

    work: Path
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


def folders_of(work: Path, run_id: int, attempt: int, key: str, repository: str) -> Folders:
    """`<work>/<run>-<attempt>/<job>/<name>/<name>`; hashed, for a key may hold anything."""
    name = repository.partition("/")[2]
    work = work.resolve()
    job = hashlib.sha256(key.encode()).hexdigest()[:12]
    root = work / f"{run_id}-{attempt}" / job
    return Folders(
        work=work,
        root=root,
        workspace=root / name / name,
        temp=root / "_temp",
        home=root / "_home",
        tools=root / "_tool",
        actions=root / "_actions",
        private=root / "_private",
    )


def lay_out(folders: Folders) -> None:
    """Raises OSError, also where a step of another job has put a link on the way."""
    _delete(folders)
    folders.work.mkdir(parents=True, exist_ok=True)
    with _BUSY, folder(folders.work, folders.root):
        pass
    inner = (folders.workspace, folders.home, folders.tools, folders.actions)
    for path in (*inner, folders.commands, folders.event.parent):
        with folder(folders.work, path):
            pass
    with folder(folders.work, folders.private) as opened:
        os.chmod(path_of(opened), 0o700)


def remove(folders: Folders) -> None:
    """Removes a job's folder, and its run's when that is empty; what cannot be removed stays."""
    _delete(folders)
    with _BUSY, contextlib.suppress(OSError):
        folders.root.parent.rmdir()


def _delete(folders: Folders) -> None:
    with contextlib.suppress(OSError):
        delete(folders.work, folders.root)
