"""Takes archives apart in folders that steps can change."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from bot.simulator.actions.runner.inside import folder, new_file, new_link, path_of

Place = Callable[[str], tuple[Path, Path] | None]
"""By a member's name: the folder that nothing may leave, and the path in it; None: left out."""


def unpack(archive: tarfile.TarFile, place: Place) -> None:
    """Files, folders and links, with their times. A link may say what it wants: it is not followed.

    Raises OSError where something leads out of its folder.
    """
    folders: list[tuple[Path, Path, float]] = []
    for member in archive:
        found = place(member.name)
        if found is None:
            continue
        if member.isdir():
            folders.append((*found, member.mtime))
            with folder(*found):
                pass
        elif member.issym():
            new_link(*found, member.linkname)
        elif member.isfile():
            _unpack_file(archive, member, *found)
    for root, path, time in reversed(folders):
        with folder(root, path) as opened:
            os.utime(path_of(opened), (time, time))


def _unpack_file(archive: tarfile.TarFile, member: tarfile.TarInfo, root: Path, path: Path) -> None:
    content = archive.extractfile(member)
    assert content is not None
    with new_file(root, path, member.mode & 0o755 | 0o600) as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.utime(file.fileno(), (member.mtime, member.mtime))
