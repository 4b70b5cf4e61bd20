"""Folders that a repository is made from, read without leaving a trace in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.simulator.git.errors import GitFailed, UnusableSource
from bot.simulator.git.process import CHUNK, run

QUIET = ("-c", "core.fsmonitor=false")
"""A repository's own configuration may name a program to be run; none is."""
LISTING_LIMIT = 256 << 20
LARGEST = 1 << 30


@dataclass(frozen=True)
class GitSource:
    """The top of a repository with commits. `branch` is None where HEAD is detached."""

    folder: Path
    head: str
    branch: str | None


@dataclass(frozen=True)
class PlainSource:
    """A folder, or a folder inside a repository; `names` are those of the files to be taken."""

    folder: Path
    names: tuple[bytes, ...]


async def look_at(folder: Path, scratch: Path) -> GitSource | PlainSource:
    """What a folder is. `scratch` is an empty bare repository, for listing a plain folder.

    Raises UnusableSource for what cannot be taken over whole.
    """
    folder = _real_folder(folder)
    facts = await _facts(folder)
    if facts is None:
        where = ("--git-dir", str(scratch), "--work-tree", str(folder))
        return PlainSource(folder, await _names(folder, *where))
    top, common, form = facts
    if form != "sha1":
        raise UnusableSource(folder, f"its objects are named by {form}, not by sha1")
    head = await run(("rev-parse", "--verify", "-q", "HEAD^0"), cwd=folder, accept=(0, 1, 128))
    if top != folder or head.code:
        return PlainSource(folder, await _names(folder))
    if list((common / "objects" / "pack").glob("*.promisor")):
        raise UnusableSource(folder, "it is a partial clone, objects of it are elsewhere")
    branch = await run(("symbolic-ref", "-q", "HEAD"), cwd=folder, accept=(0, 1))
    return GitSource(folder, head.text, branch.text.removeprefix("refs/heads/") or None)


async def _facts(folder: Path) -> tuple[Path, Path, str] | None:
    """Top, common git directory and hash of the repository a folder is in; None for none."""
    asked = ("rev-parse", "--show-object-format", "--is-bare-repository", "--git-common-dir")
    try:
        form, bare, common = (await run(asked, cwd=folder)).text.split("\n", 2)
        inside = await run(("rev-parse", "--show-toplevel"), cwd=folder, accept=(0, 128))
    except GitFailed:
        return None
    place = _resolved(folder, common)
    if bare == "true" or inside.code:
        return place, place, form
    top = os.fsdecode(inside.stdout.removesuffix(b"\n"))
    return _resolved(folder, top), place, form


def _real_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise UnusableSource(folder, "it is not a folder")
    return folder.resolve()


def _resolved(folder: Path, path: str) -> Path:
    return (folder / path).resolve()


async def _names(folder: Path, *where: str) -> tuple[bytes, ...]:
    argv = (
        *QUIET,
        *where,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        ".",
    )
    listing = await run(argv, cwd=folder, limit=LISTING_LIMIT)
    return tuple(dict.fromkeys(n for n in listing.stdout.split(b"\0") if n))


def fast_import(source: PlainSource, branch: str, person: str, message: str) -> Iterator[bytes]:
    """The input of `git fast-import` for one commit of the files, byte for byte."""
    note = message.encode()
    yield b"commit refs/heads/%s\ncommitter %s\n" % (branch.encode(), person.encode())
    yield b"data %d\n%s\n" % (len(note), note)
    inside = _Inside(source.folder)
    for name in source.names:
        try:
            yield from _file(inside.path_of(name), name)
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone since it was listed
        except OSError as error:
            raise UnusableSource(source.folder, str(error)) from error
    yield b"done\n"


class _Inside:
    """Refuses what lies behind a linked folder, remembering the folders that it has looked at."""

    def __init__(self, top: Path) -> None:
        self._top = os.fsencode(top)
        self._real: set[bytes] = {b""}

    def path_of(self, name: bytes) -> bytes:
        """Raises NotADirectoryError."""
        self._check(os.path.dirname(name))
        return self._top + b"/" + name

    def _check(self, parent: bytes) -> None:
        if parent in self._real:
            return
        self._check(os.path.dirname(parent))
        if not stat.S_ISDIR(os.lstat(self._top + b"/" + parent).st_mode):
            raise NotADirectoryError(parent)
        self._real.add(parent)


def _file(path: bytes, name: bytes) -> Iterator[bytes]:
    """Sockets, pipes and repositories inside stay out."""
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        target = os.readlink(path)
        yield b"M 120000 inline %s\ndata %d\n%s\n" % (_quoted(name), len(target), target)
    if not stat.S_ISREG(found.st_mode):
        return
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST:
            raise OSError(f"{os.fsdecode(name)!r} has {size} bytes")
        mode = b"100755" if found.st_mode & 0o100 else b"100644"
        yield b"M %s inline %s\ndata %d\n" % (mode, _quoted(name), size)
        while size > 0:
            chunk = file.read(min(CHUNK, size))
            if not chunk:
                raise OSError(f"{os.fsdecode(name)!r} changed while it was read")
            size -= len(chunk)
            yield chunk
    yield b"\n"


def _quoted(name: bytes) -> bytes:
    escaped = name.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"%s"' % escaped
