"""Deleting what steps left, never through a link.

Steps may turn any folder of theirs into a link, also while it is being deleted, and this process
can delete whatever its user can. So folders are opened name by name, from one that no step can
replace, and what is in them is deleted relative to the open folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

SECONDS = 60.0
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def empty(root: Path, folder: Path) -> None:
    """Deletes everything in `folder`, which is below `root` or `root` itself.

    Raises:
        OSError: it is not there, a name on the way from `root` to it is a link, or something
            in it cannot be deleted.
        ValueError: it is not below `root`.
    """
    with _opened(root, folder.relative_to(root).parts) as place:
        for name in os.listdir(place):
            _delete(name, place)


def delete(root: Path, folder: Path) -> None:
    """Deletes `folder`, a child of `root` or deeper. Raises as `empty` does."""
    with _opened(root, folder.relative_to(root).parent.parts) as place:
        _delete(folder.name, place)


@contextlib.contextmanager
def _opened(root: Path, names: tuple[str, ...]) -> Iterator[int]:
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(_opened_at(str(root), -1, _FOLDER))
        for name in names:
            place = stack.enter_context(_opened_at(name, place, _FOLDER))
        yield place


def _delete(name: str, place: int) -> None:
    try:
        os.unlink(name, dir_fd=place)
    except IsADirectoryError:
        with _opened_at(name, place, _PLACE) as folder:
            # A step may have taken the right to read or write from its folders.
            _run("chmod", "-R", "u+rwX", "--", f"{_path_of(folder)}/.")
        _run("rm", "-rf", "--one-file-system", "--", f"{_path_of(place)}/{name}")


@contextlib.contextmanager
def _opened_at(name: str, place: int, how: int) -> Iterator[int]:
    folder = os.open(name, how, dir_fd=None if place < 0 else place)
    try:
        yield folder
    finally:
        os.close(folder)


def _path_of(folder: int) -> str:
    """Leads to the open folder itself, wherever it is by now."""
    return f"/proc/{os.getpid()}/fd/{folder}"


def _run(*command: str) -> None:
    """The system's tools follow no links below their argument, and any depth is fine with them."""
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS, text=True)  # noqa: S603 - argv only, never a shell
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or [""]
        raise OSError(errno.EIO, said[-1][-300:]) from error
    except subprocess.TimeoutExpired as error:
        raise OSError(errno.ETIMEDOUT, f"{command[0]} took too long") from error
