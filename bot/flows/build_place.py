"""Where a project is built, outside of its tree, and which fetched dependencies it uses."""

from __future__ import annotations

from pathlib import Path

from bot.codebase.repository import Repository
from bot.codebase.toolchain import Toolchain


def build_path(repository: Repository, toolchain: Toolchain) -> Path:
    """One build per Elixir version and project of the repository."""
    inner = repository.prefix.replace("/", "+")
    name = f"{toolchain.version}-{inner}" if inner else toolchain.version
    return repository.cache / "build" / name


def fetched_deps(repository: Repository) -> Path | None:
    """Fetched dependencies: the project's own, or those of the umbrella around it."""
    for place in (repository.path, *repository.path.parents):
        if (place / "mix.exs").is_file() and (place / "deps").is_dir():
            return place / "deps"
        if place == repository.root:
            break
    return None
