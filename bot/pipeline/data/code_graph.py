"""Which file uses which, from the modules they define and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.core.ports import ModuleOutline
from bot.elixir.source import role_of


@dataclass(frozen=True)
class CodeGraph:
    """The files of a code base as a graph."""

    modules: tuple[ModuleOutline, ...]

    @cached_property
    def in_file(self) -> Mapping[str, tuple[ModuleOutline, ...]]:
        """Modules by the file they are in."""
        found: dict[str, tuple[ModuleOutline, ...]] = {}
        for module in self.modules:
            found[module.path] = (*found.get(module.path, ()), module)
        return found

    @cached_property
    def uses(self) -> Mapping[str, frozenset[str]]:
        """Files each file uses. A module defined in several files leads to all of them."""
        places: dict[str, set[str]] = {}
        for module in self.modules:
            places.setdefault(module.name, set()).add(module.path)
        return {
            path: frozenset(
                place
                for module in modules
                for name in module.references
                for place in places.get(name, ())
            )
            - {path}
            for path, modules in self.in_file.items()
        }

    @cached_property
    def used_by(self) -> Mapping[str, frozenset[str]]:
        """Files that use each file."""
        found: dict[str, set[str]] = {}
        for path, used in self.uses.items():
            for other in used:
                found.setdefault(other, set()).add(path)
        return {path: frozenset(users) for path, users in found.items()}

    def external(self, path: str) -> list[str]:
        """Modules a file names that the code base does not define."""
        own = {module.name for module in self.modules}
        named = {name for module in self.in_file.get(path, ()) for name in module.references}
        return sorted(named - own)


def reached(
    edges: Mapping[str, frozenset[str]], start: str, *, depth: int | None = None
) -> list[str]:
    """Everything a walk along the edges comes to in `depth` steps, without the start."""
    found: set[str] = set()
    border = {start}
    steps = 0
    while border and (depth is None or steps < depth):
        border = {other for path in border for other in edges.get(path, ())} - found - {start}
        found |= border
        steps += 1
    return sorted(found)


def is_test(path: str) -> bool:
    """Whether a file is a test, or belongs to the tests."""
    return role_of(path) == "test"


def by_directory(paths: Iterable[str]) -> dict[str, list[str]]:
    """The paths by the folder they are in."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path.rpartition("/")[0], []).append(path)
    return found


def is_elixir(path: str) -> bool:
    """Whether a file is Elixir source."""
    return path.endswith((".ex", ".exs"))


def is_of(kind: str, path: str) -> bool:
    """Whether a file is of a kind of `find_files`."""
    if kind == "all":
        return True
    if not is_elixir(path):
        return False
    role = role_of(path)
    if kind == "main":
        return role == "lib" or path.rpartition("/")[2] == "mix.exs"
    return kind == "source" or role == kind or (kind == "config" and role == "mix")


def counterparts(path: str, files: Iterable[str]) -> list[str]:
    """The test of a source file, or the source of a test file, by where they stand."""
    wanted = _opposite(path)
    return sorted(file for file in files if file == wanted) if wanted else []


def _opposite(path: str) -> str:
    *folders, name = path.split("/")
    if name.endswith("_test.exs") and "test" in folders:
        place = _swapped(folders, "test", "lib")
        return "/".join([*place, name.removesuffix("_test.exs") + ".ex"])
    if name.endswith(".ex") and "lib" in folders:
        place = _swapped(folders, "lib", "test")
        return "/".join([*place, name.removesuffix(".ex") + "_test.exs"])
    return ""


def _swapped(folders: list[str], old: str, new: str) -> list[str]:
    at = folders.index(old)
    return [*folders[:at], new, *folders[at + 1 :]]
