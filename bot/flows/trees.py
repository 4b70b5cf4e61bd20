"""Source trees of a checkout, a commit and a pack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.codebase.git import Git
from bot.codebase.process import child_environment
from bot.codebase.repository import Entry, Repository
from bot.core.finding import Note
from bot.elixir.tree import (
    MAX_BYTES,
    DirectoryTree,
    MemoryTree,
    SourceTree,
    is_elixir,
    name_problem,
)
from bot.errors import CommandFailed, Unusable
from bot.llm.pack import read_pack
from bot.settings import Settings

T = TypeVar("T", bound=SourceTree)

NO_ELIXIR = "name a directory with a mix.exs or Elixir files below it"


def checkout_tree(path: Path, settings: Settings) -> SourceTree:
    """Elixir files below a directory as they are on disk; what git ignores is left out.

    Raises `Unusable` when there is none.
    """
    if path.is_file():
        return _not_empty(MemoryTree.of({path.name: path.read_bytes()}), path)
    if not path.is_dir():
        raise Unusable(f"{str(path)!r} does not exist", hint="name a directory")
    return _not_empty(DirectoryTree(path, _not_ignored(path, settings)), path)


def _not_ignored(path: Path, settings: Settings) -> frozenset[str] | None:
    """Paths git knows or would add; `None` outside a repository."""
    git = Git(path, child_environment(settings.environment), timeout=settings.git_timeout)
    try:
        listed = git.raw("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    except (CommandFailed, Unusable):
        return None
    names = (name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0"))
    return frozenset(filter(is_elixir, names))


@dataclass(frozen=True)
class CommitTree:
    """Elixir files of one commit below the repository's named path."""

    memory: MemoryTree
    left_out: tuple[Note, ...]

    def files(self) -> dict[str, bytes]:
        """Readable files by path relative to the named path."""
        return dict(self.memory.files())

    def notes(self) -> tuple[Note, ...]:
        """Symlinks, oversized files and files that are no UTF-8."""
        return (*self.left_out, *self.memory.notes())


def commit_tree(repository: Repository, commit: str) -> CommitTree:
    """The Elixir files of a commit; raises `Unusable` when there is none."""
    prefix = f"{repository.prefix}/" if repository.prefix else ""
    entries = [
        e for e in repository.list(commit) if e.path.startswith(prefix) and is_elixir(e.path)
    ]
    notes = tuple(note for entry in entries if (note := _left_out(entry, prefix)))
    wanted = [
        e for e in entries if e.regular and e.size <= MAX_BYTES and name_problem(e.path) is None
    ]
    contents = repository.read_all(wanted)
    memory = MemoryTree(
        {path.removeprefix(prefix): data for path, data in sorted(contents.items())}
    )
    return _not_empty(CommitTree(memory, notes), repository.path)


def _left_out(entry: Entry, prefix: str) -> Note | None:
    name = entry.path.removeprefix(prefix)
    if (unnamed := name_problem(name)) is not None:
        return unnamed
    if not entry.regular:
        return Note(path=name, kind="outside", message="symbolic link or submodule; not followed")
    if entry.size > MAX_BYTES:
        return Note(
            path=name,
            kind="too-large",
            message=f"{entry.size:,} bytes; files over {MAX_BYTES:,} are not analysed",
        )
    return None


def pack_files(path: Path) -> dict[str, str]:
    """Files of a repomix pack; raises `Unusable` when none of them is Elixir."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise Unusable(
            f"cannot read {str(path)!r}: {error.strerror}", hint="name a repomix XML file"
        ) from error
    files = dict(read_pack(text))
    _not_empty(MemoryTree.of(files), path)
    return files


def _not_empty(tree: T, path: Path) -> T:
    if not tree.files() and not tree.notes():
        raise Unusable(f"no Elixir source in {str(path)!r}", hint=NO_ELIXIR)
    return tree
