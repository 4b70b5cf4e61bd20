"""Deleting what steps left, never through a link.

Steps may turn any folder of theirs into a link, also while it is being deleted, and this process
can delete whatever its user can. So folders are opened name by name, from one that no step can
replace, and what is in them is deleted relative to the open folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bot.simulator.actions.runner.inside import path_of

SECONDS = 60.0
OCTAL = re.compile(r"\\([0-7]{3})")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def empty(root: Path, folder: Path) -> None:
    """Deletes whatever can be deleted in `folder`, which is below `root` or `root` itself.

    Raises:
        OSError: it is not there, a name on the way from `root` to it is a link, or something
            in it could not be deleted.
        ValueError: it is not below `root`.
    """
    with _opened(root, folder.relative_to(root).parts) as place:
        problems: list[OSError] = []
        for name in os.listdir(place):
            try:
                _delete(name, place)
            except OSError as error:
                problems.append(error)
        if problems:
            raise problems[0]


def delete(root: Path, folder: Path) -> None:
    """Deletes `folder`, a child of `root` or deeper. Raises as `empty` does."""
    with _opened(root, folder.relative_to(root).parent.parts) as place:
        _delete(folder.name, place)


@contextlib.contextmanager
def _opened(root: Path, names: tuple[str, ...]) -> Iterator[int]:
    place = os.open(root, _FOLDER)
    try:
        for name in names:
            inner = os.open(name, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        yield place
    finally:
        os.close(place)


def _delete(name: str, place: int) -> None:
    try:
        os.unlink(name, dir_fd=place)
    except IsADirectoryError:
        folder = os.open(name, _PLACE, dir_fd=place)
        try:
            _refuse_mounts(Path(os.readlink(path_of(folder))))
            _delete_folder(f"{path_of(place)}/{name}", f"{path_of(folder)}/.")
        finally:
            os.close(folder)


def _refuse_mounts(folder: Path) -> None:
    """What a step mounted is not in its folder, though its path says so."""
    for line in Path("/proc/self/mountinfo").read_text(errors="replace").splitlines():
        # The kernel writes blanks, tabs, line ends and backslashes as octal numbers.
        mounted = OCTAL.sub(lambda found: chr(int(found[1], 8)), line.split(" ")[4])
        if Path(mounted).is_relative_to(folder):
            raise OSError(errno.EBUSY, "something is mounted in it")


def _delete_folder(path: str, content: str) -> None:
    try:
        _run("rm", "-rf", "--one-file-system", "--", path)
    except OSError:
        # A step may have taken the right to read or write from its folders. Only now, for unlike
        # rm, chmod could be led elsewhere, and the superuser never gets here for want of rights.
        _run("chmod", "-R", "u+rwX", "--", content)
        _run("rm", "-rf", "--one-file-system", "--", path)


def _run(*command: str) -> None:
    """The system's tools follow no links below their argument, and any depth is fine with them."""
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS, text=True)  # noqa: S603 - argv only, never a shell
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or [""]
        raise OSError(errno.EIO, said[-1][-300:]) from error
    except subprocess.TimeoutExpired as error:
        raise OSError(errno.ETIMEDOUT, f"{command[0]} took too long") from error
