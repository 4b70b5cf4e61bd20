"""Applications beside the checkout that its mix.exs names by path, as projects in one folder do.

The sandbox shows nothing outside the checkout, and a mix.exs may name any folder. So only a folder
counts that is the very application: its own mix.exs has the dependency's name as `app:`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.codebase.mix import place_of
from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.elixir.mix_deps import declared
from bot.elixir.mixfile import App, apps_of
from bot.elixir.source import Source

_LONGEST = 1_000_000
"""Bytes of a mix.exs that is read."""


def neighbours(repository: Repository) -> dict[str, Path]:
    """Folders by the path the project's mix.exs leads to them with, also by way of each other."""
    found: dict[str, Path] = {}
    waiting, seen = [("", repository.path)], set[Path]()
    while waiting:
        at, folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        waiting += [(os.path.join(at, app), folder / app) for app in _umbrella_apps(folder)]
        for name, written in _named(folder):
            place, source = os.path.normpath(os.path.join(at, written)), place_of(folder, written)
            if source.resolve().is_relative_to(repository.root):
                waiting.append((place, source))
            elif _is_neighbour(repository, source, name):
                found[place] = source.resolve()
                waiting.append((place, source))
    return found


def lay_links(worktree: Worktree, found: Mapping[str, Path]) -> None:
    """Without a sandbox, show next neighbours beside the work tree by links, which go with it."""
    for written, source in found.items():
        place = place_of(worktree.project, written)
        if place.parent == worktree.directory and not os.path.lexists(place):
            place.symlink_to(source, target_is_directory=True)


def _is_neighbour(repository: Repository, folder: Path, name: str) -> bool:
    """Whether it is the application of this name, and holds neither the checkout nor a home."""
    real = folder.resolve()
    home = repository.settings.environment.get("HOME", "/")
    held = (repository.root, Path(home).resolve(), Path(tempfile.gettempdir()).resolve())
    if any(path.is_relative_to(real) for path in held):
        return False
    app = _app(real)
    return app is not None and app.name == name


def _umbrella_apps(folder: Path) -> Iterator[str]:
    app = _app(folder)
    if app is not None and app.umbrella:
        yield from (str(file.parent.relative_to(folder)) for file in folder.glob("apps/*/mix.exs"))


def _named(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and literal path of each path dependency that tests need."""
    text = _mix_file(folder)
    for dependency in declared(Source("mix.exs", text)).dependencies if text else ():
        written = dict(dependency.options).get("path", "")
        if written and (not dependency.only or "test" in dependency.only):
            yield dependency.name, written


def _app(folder: Path) -> App | None:
    text = _mix_file(folder)
    return next(iter(apps_of({"mix.exs": text})), None) if text else None


def _mix_file(folder: Path) -> bytes:
    """The text of its mix.exs; empty where that is no file of a usual size."""
    path = folder / "mix.exs"
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST:
            return b""
        return path.read_bytes()
    except (OSError, ValueError):
        return b""
