"""Where a project is built, outside of its tree, and which fetched things it uses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.codebase.credo_beside import CredoBeside
from bot.codebase.mix import Mix
from bot.codebase.repository import Repository
from bot.codebase.sandbox import Sandbox
from bot.codebase.toolchain import Toolchain
from bot.codebase.worktree import Worktree
from bot.flows.neighbours import lay_links
from bot.settings import Settings


def mix_on(
    worktree: Worktree, toolchain: Toolchain, sandbox: Sandbox, neighbours: Mapping[str, Path]
) -> Mix:
    """Mix on a work tree; where there is no sandbox to show them, neighbours are linked to."""
    repository = worktree.repository
    if not sandbox.isolated:
        lay_links(worktree, neighbours)
    return Mix(
        root=worktree.project,
        toolchain=toolchain,
        sandbox=sandbox,
        build_path=build_path(repository, toolchain),
        env=dict(repository.settings.environment),
        deps_path=fetched_deps(repository),
        tree=worktree.root,
        neighbours=neighbours,
        beside=credo_beside(repository.settings, toolchain),
    )


def build_path(repository: Repository, toolchain: Toolchain) -> Path:
    """One build per Elixir version and project of the repository."""
    inner = repository.prefix.replace("/", "+")
    name = f"{toolchain.version}-{inner}" if inner else toolchain.version
    return repository.cache / "build" / name


def credo_beside(settings: Settings, toolchain: Toolchain) -> CredoBeside | None:
    """The Credo that was installed beside projects; None where nobody wanted one."""
    found = CredoBeside.at(settings.cache_dir, toolchain)
    return found if settings.credo == "beside" and found.ready else None


def fetched_deps(repository: Repository) -> Path | None:
    """Fetched dependencies: the project's own, or those of the umbrella around it.

    None where the repository has a link in their place: what that leads to was never fetched, and
    project code is not to see it. A link of the user's own is as good as a folder.
    """
    for place in (repository.path, *repository.path.parents):
        deps = place / "deps"
        if (place / "mix.exs").is_file() and deps.is_dir():
            return None if deps.is_symlink() and repository.tracks(deps) else deps
        if place == repository.root:
            break
    return None
