"""The bench's work tree as prompts and tools see it; opened when the first of them looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot.core.ports import Workspace
from bot.flows.bench import Bench
from bot.pipeline.prompts.files import ConfinedFiles


@dataclass(frozen=True)
class TreeFiles:
    """Files a person named, then those of the work tree."""

    named: tuple[Path, ...]
    bench: Bench

    def read(self, path: str) -> str:
        """The file's text; raises `Refused` or `Unusable`."""
        if any(Path(path).resolve() == file for file in self.named):
            return ConfinedFiles(named=self.named).read(path)
        return self.bench.codebase.read(path)


def following(bench: Bench) -> Workspace:
    """The bench's code base: opened at its first use, and followed from stage to stage."""
    return cast("Workspace", _Following(bench))


class _Following:
    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bench.codebase, name)
