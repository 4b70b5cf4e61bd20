"""The folders of one job: work space, temporary files, a home of its own."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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
    remove(root)
    for folder in (folders.workspace, folders.home, folders.tools, folders.actions):
        folder.mkdir(parents=True)
    for folder in (folders.commands, folders.event.parent, folders.private):
        folder.mkdir(parents=True)
    folders.private.chmod(0o700)
    return folders


def remove(folder: Path) -> None:
    """Removes the folder and its parent when that is empty; what cannot be removed stays."""
    if folder.exists():
        shutil.rmtree(folder, onerror=_make_writable)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()


def _make_writable(act: Callable[..., object], path: str, error: object) -> None:
    """A step may have taken the right to write from its folders."""
    with contextlib.suppress(OSError):
        os.chmod(os.path.dirname(path), 0o700)
        if not os.path.islink(path):
            os.chmod(path, 0o700)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
