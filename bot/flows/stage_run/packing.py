"""Folders as an archive between jobs: directories and regular files, nothing else.

Code of the repository ran where it is packed, and a key is near where it is unpacked. Without a
link in it no name in the archive can lead anywhere but where it says.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bot.errors import Unusable

MOST_BYTES = 4 * 2**30
MOST_FILES = 300_000

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW

TOO_LARGE = "what `prepare` packed is too large"


def pack(places: Mapping[str, Path], archive: Path) -> tuple[str, ...]:
    """Write the folders into `archive` under their names; returns what was left out.

    A link between them becomes a copy of what it leads to. Mix makes such: `priv` of a build.
    """
    packing = _Packing(tuple(place.resolve() for place in places.values()))
    with tarfile.open(archive, "w") as tar:
        for top, place in places.items():
            packing.add(tar, place, top, ())
    return tuple(packing.left_out)


def unpack(archive: Path, places: Mapping[str, Path]) -> None:
    """Make each folder anew out of the archive; raises `Unusable` for a bad one."""
    try:
        if archive.stat().st_size > 2 * MOST_BYTES:
            raise Unusable(TOO_LARGE)
        for place in places.values():
            _make_anew(place)
        with tarfile.open(archive, "r:") as tar:
            for member, target in _members(tar, places):
                _put(tar, member, target)
    except (tarfile.TarError, OSError, ValueError) as error:
        raise Unusable(f"what `prepare` packed cannot be unpacked: {error}") from None


@dataclass
class _Packing:
    """What is counted on the way."""

    inside: tuple[Path, ...]
    """Where a link may lead."""
    left_out: list[str] = field(default_factory=list)
    files: int = 0
    size: int = 0

    def add(self, tar: tarfile.TarFile, path: Path, name: str, above: tuple[Path, ...]) -> None:
        """`above` are the folders we are in: a link back to one of them has no end."""
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            led = self._led(path, above)
            if led is None:
                self.left_out.append(name)
                return
            path, found = led, led.lstat()
        if stat.S_ISDIR(found.st_mode):
            self._count(0)
            tar.addfile(_entry(name, tarfile.DIRTYPE, found))
            real = path.resolve()
            for inner in sorted(path.iterdir()):
                self.add(tar, inner, f"{name}/{inner.name}", (*above, real))
        elif stat.S_ISREG(found.st_mode):
            with open(os.open(path, READ), "rb") as file:
                self._add_file(tar, file, name)
        else:
            self.left_out.append(name)

    def _led(self, link: Path, above: tuple[Path, ...]) -> Path | None:
        try:
            real = link.resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        kept = any(real.is_relative_to(place) for place in self.inside)
        return real if kept and real not in above else None

    def _add_file(self, tar: tarfile.TarFile, file: BinaryIO, name: str) -> None:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            self.left_out.append(name)
            return
        self._count(found.st_size)
        tar.addfile(_entry(name, tarfile.REGTYPE, found), file)

    def _count(self, size: int) -> None:
        self.files, self.size = self.files + 1, self.size + size
        if self.files > MOST_FILES or self.size > MOST_BYTES:
            raise Unusable(TOO_LARGE)


def _entry(name: str, kind: bytes, found: os.stat_result) -> tarfile.TarInfo:
    """Nothing of whose file it was; mix goes by the time of a file."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mtime = kind, found.st_mtime
    entry.mode = 0o755 if found.st_mode & stat.S_IXUSR else 0o644
    entry.size = found.st_size if kind == tarfile.REGTYPE else 0
    return entry


def _make_anew(place: Path) -> None:
    """An empty folder, whatever the checkout has there: a link would lead elsewhere."""
    if place.is_symlink():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir()


def _members(
    tar: tarfile.TarFile, places: Mapping[str, Path]
) -> Iterator[tuple[tarfile.TarInfo, Path]]:
    size = 0
    for number, member in enumerate(tar):
        size += member.size
        if number >= MOST_FILES or size > MOST_BYTES:
            raise Unusable(TOO_LARGE)
        top, *rest = member.name.split("/")
        bad = any(piece in ("", ".", "..") for piece in rest)
        if top not in places or bad or not (member.isreg() or member.isdir()):
            raise Unusable(f"`prepare` packed something else: {member.name!r}")
        yield member, places[top].joinpath(*rest)


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None, "a regular file"
    mode = 0o755 if member.mode & stat.S_IXUSR else 0o644
    with source, open(os.open(target, CREATE, mode), "wb") as file:
        shutil.copyfileobj(source, file)
    os.utime(target, (member.mtime, member.mtime), follow_symlinks=False)
