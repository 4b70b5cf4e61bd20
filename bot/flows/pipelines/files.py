"""Which pipeline files a person means, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.errors import Unusable
from bot.flows.pipelines.run import library_for
from bot.pipeline.checks.problems import Problem
from bot.pipeline.load import validate

_SUFFIXES = (".yaml", ".yml")


def pipeline_files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and every YAML file below the directories; raises `Unusable`."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            below = sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES and p.is_file())
            if not below:
                raise Unusable(
                    f"there is no pipeline below {str(path)!r}", hint="name a .yaml file"
                )
            found |= dict.fromkeys(below)
        elif path.is_file():
            found[path] = None
        else:
            raise Unusable(f"there is no file {str(path)!r}", hint="name a pipeline file")
    return list(found)


def problems_of(file: Path) -> list[Problem]:
    """Every problem of one file, in the order of its lines."""
    return list(validate(file, library_for(file, _pipelines_above(file))))


def _pipelines_above(file: Path) -> Path | None:
    """The directory whose `.genesis/pipelines` a file lies in, whose others it may call."""
    resolved = file.resolve()
    for parent in resolved.parents:
        if parent.name == "pipelines" and parent.parent.name == ".genesis":
            return parent.parent.parent
    return None
