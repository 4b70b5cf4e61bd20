"""A code base of which only one directory may be changed: `cwd` of a step with tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from bot.core.ports import Edited, Workspace
from bot.errors import Refused

RULE = (
    "Change files below {directory}/ only. Paths begin at the top of the code base all the same, "
    "and you may read all of it."
)
"""What the model is told."""


def subtree(workspace: Workspace, directory: str) -> Workspace:
    """The same code base, writable below `directory`; as it is where that is empty."""
    return cast("Workspace", _Below(workspace, directory)) if directory else workspace


@dataclass(frozen=True)
class _Below:
    workspace: Workspace
    directory: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.workspace, name)

    def write(self, path: str, content: str) -> Edited:
        self._require(path)
        return self.workspace.write(path, content)

    def edit(
        self, path: str, old: str, new: str, *, every: bool = False, dry_run: bool = False
    ) -> Edited:
        self._require(path)
        return self.workspace.edit(path, old, new, every=every, dry_run=dry_run)

    def remove(self, path: str) -> Edited:
        self._require(path)
        return self.workspace.remove(path)

    def _require(self, path: str) -> None:
        pieces, own = PurePosixPath(path).parts, PurePosixPath(self.directory).parts
        if pieces[: len(own)] != own or ".." in pieces or len(pieces) == len(own):
            raise Refused(
                f"{path!r} is not below {self.directory}/", hint="change only what is below it"
            )
