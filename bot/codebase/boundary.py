"""Which files of a project its tools may name: not build output, not another repository's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.codebase.git import nul_split
from bot.codebase.paths import RELATIVE, parts, spelling
from bot.codebase.worktree import Worktree
from bot.elixir.tree import MAX_BYTES
from bot.errors import Refused

BUILT = frozenset({"_build", "node_modules", ".elixir_ls", ".lexical"})
"""Folders that hold what some tool made, wherever they are."""
BUILT_BESIDE_MIX = frozenset({"deps", "cover"})
"""The same at the top and beside any mix.exs; elsewhere they are folders like any other."""


SUBMODULE = "160000 "
"""How git's index marks the place of a submodule."""


class Boundary:
    """What is part of the project. A submodule of the work tree's index is not."""

    def __init__(self, worktree: Worktree | None, exists: Callable[[str], bool]) -> None:
        self._worktree, self._exists = worktree, exists
        self._indexed: tuple[tuple[int, int], frozenset[str]] | None = None

    def readable(self, path: str) -> str:
        """`path` if a tool may read it; raises `Refused`."""
        pieces = parts(path)
        if not path.isprintable():
            raise Refused(f"a path with characters nobody sees: {path!r}", hint=RELATIVE)
        submodules = self._submodules()
        for end in range(1, len(pieces) + 1) if submodules else ():
            if spelling("/".join(pieces[:end])) in submodules:
                raise Refused(f"{path!r} lies in a submodule, which is another repository")
        return path

    def writable(self, path: str) -> str:
        """`path` if a tool may write it; raises `Refused`."""
        pieces = parts(self.readable(path))
        for position, piece in enumerate(pieces):
            name = spelling(piece)
            if name in BUILT or (name in BUILT_BESIDE_MIX and self._has_mix(pieces[:position])):
                raise Refused(f"{path!r} is build output; nothing is written there")
        return path

    def enters(self, folder: str, beside: frozenset[str]) -> bool:
        """Whether a folder, with these names beside it, is looked into."""
        name = spelling(folder.rsplit("/", 1)[-1])
        if name in BUILT or spelling(folder) in self._submodules():
            return False
        return name not in BUILT_BESIDE_MIX or ("/" in folder and "mix.exs" not in beside)

    def _has_mix(self, folder: tuple[str, ...]) -> bool:
        return not folder or self._exists("/".join((*folder, "mix.exs")))

    def _submodules(self) -> frozenset[str]:
        """Folders of submodules as spelled for comparison, relative to the project."""
        if self._worktree is None:
            return frozenset()
        try:
            index = (self._worktree.directory / "git" / "index").stat()
        except FileNotFoundError:
            return frozenset()
        seen = (index.st_mtime_ns, index.st_ino)
        if self._indexed is None or self._indexed[0] != seen:
            self._indexed = (seen, frozenset(map(spelling, _submodules_of(self._worktree))))
        return self._indexed[1]


def _submodules_of(worktree: Worktree) -> Iterator[str]:
    """Paths of submodules in the index, relative to the project."""
    entries = nul_split(worktree.git.raw("ls-files", "-z", "--stage"))
    found = (entry.partition("\t") for entry in entries)
    return worktree.in_project(path for meta, _, path in found if meta.startswith(SUBMODULE))


def limited(path: str, content: str) -> None:
    """Refuse a text that would make too large a file."""
    if len(content.encode("utf-8")) > MAX_BYTES:
        raise Refused(f"{path!r} would be larger than {MAX_BYTES:,} bytes")


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """What the operating system refuses, and text that cannot be written, as `Refused`."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{path!r}: {error.strerror}") from error
    except UnicodeEncodeError as error:
        raise Refused(f"{path!r}: the text is no Unicode ({error.reason})") from error
