"""Decides, before anything is done, which files an operation means and where they go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.ports import Workspace
from bot.errors import Refused

MAX_FILES = 5_000
"""Of one operation."""

_GLOB = re.compile(r"[*?\[{]")


@dataclass(frozen=True)
class Chosen:
    """A file, and what of its path is kept below the destination."""

    path: str
    below: str
    loose: bool = True
    """Found by a glob or named itself, rather than as part of a directory."""


@dataclass(frozen=True)
class Tree:
    """The files of a code base at one moment."""

    workspace: Workspace
    files: frozenset[str]

    @classmethod
    def of(cls, workspace: Workspace) -> Tree:
        """As it is now."""
        return cls(workspace, frozenset(workspace.list()))

    def is_dir(self, path: str) -> bool:
        """Whether there are files below it; the root is one."""
        return not path or any(file.startswith(f"{path}/") for file in self.files)

    def below(self, path: str) -> list[str]:
        """The files of a directory and of those in it."""
        return sorted(file for file in self.files if not path or file.startswith(f"{path}/"))

    def has(self, path: str) -> bool:
        """Whether it is a file, also one that listings leave out."""
        if path in self.files:
            return True
        try:
            self.workspace.size(path)
        except Refused:
            return False
        return True


def plain(path: str) -> str:
    """A path as the code base knows it: no `./` in front, no `/` behind, empty for the root."""
    pieces = [piece for piece in path.strip().split("/") if piece != "."]
    if path.strip().startswith("/") or ".." in pieces:
        raise Refused(f"{path!r} is outside the code base", hint="paths are relative to it")
    return "/".join(pieces).rstrip("/")


@dataclass(frozen=True)
class Wanted:
    """A path or a glob, without what is excluded."""

    path: str
    exclude: tuple[str, ...] = ()


def chosen(tree: Tree, sources: Iterable[Wanted], *, deep: bool) -> list[Chosen]:
    """The files that are meant; raises `Refused` for missing ones, and folders unless `deep`."""
    found: dict[str, Chosen] = {}
    for wanted in sources:
        for file in _chosen_by(tree, wanted, deep):
            found.setdefault(file.path, file)
    if len(found) > MAX_FILES:
        raise Refused(f"{len(found)} files are more than {MAX_FILES}", hint="name fewer at a time")
    return list(found.values())


def _chosen_by(tree: Tree, wanted: Wanted, deep: bool) -> list[Chosen]:
    path = plain(wanted.path)
    glob = None if path in tree.files else _GLOB.search(path)
    if glob is not None:
        return _matching(tree, path, path[: glob.start()].rpartition("/")[0], wanted.exclude)
    if path in tree.files or not tree.is_dir(path):
        tree.workspace.size(path)
        return [Chosen(path, path.rpartition("/")[2])]
    if not deep:
        raise Refused(f"{path or '.'!r} is a directory", hint="set recursive: true")
    dropped = _excluded(tree, wanted.exclude)
    files = [file for file in tree.below(path) if file not in dropped]
    return [Chosen(file, _under(path, file), loose=False) for file in files]


def _matching(tree: Tree, pattern: str, base: str, exclude: tuple[str, ...]) -> list[Chosen]:
    dropped = _excluded(tree, exclude)
    files = [file for file in tree.workspace.list(pattern) if file not in dropped]
    if not files:
        raise Refused(f"no file matches {pattern!r}")
    return [Chosen(file, _under(base, file)) for file in files]


def _under(folder: str, file: str) -> str:
    return file.removeprefix(f"{folder}/") if folder else file


def _excluded(tree: Tree, patterns: tuple[str, ...]) -> frozenset[str]:
    return frozenset(file for pattern in patterns for file in tree.workspace.list(plain(pattern)))


def placed(
    tree: Tree, files: list[Chosen], destination: str, *, structure: bool, overwrite: bool
) -> list[tuple[str, str]]:
    """Each file with where it goes; raises `Refused` for two in one place, or one that is taken."""
    target = plain(destination)
    folder = (
        destination.strip().endswith("/")
        or len(files) > 1
        or not target
        or any(not file.loose for file in files)
        or (tree.is_dir(target) and target not in tree.files)
    )
    pairs = [(file.path, _inside(target, file, structure) if folder else target) for file in files]
    taken: dict[str, str] = {}
    for source, place in pairs:
        if place in taken:
            hint = "set preserve_structure: true" if not structure else ""
            raise Refused(f"{taken[place]!r} and {source!r} would both become {place!r}", hint=hint)
        taken[place] = source
        if source == place:
            raise Refused(f"{source!r} is there already")
        if not overwrite and tree.has(place):
            raise Refused(f"{place!r} exists", hint="set overwrite: true under options")
    return pairs


def _inside(folder: str, file: Chosen, structure: bool) -> str:
    keep = structure or not file.loose
    name = file.below if keep else file.below.rpartition("/")[2]
    return f"{folder}/{name}" if folder else name
