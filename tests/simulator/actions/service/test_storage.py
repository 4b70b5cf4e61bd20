"""What Actions keep in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.simulator.actions.service.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    (tmp_path / "actions" / "work" / "1-1").mkdir(parents=True)
    return Storage(tmp_path / "actions")


@pytest.mark.parametrize("planted", ["link", "pipe"])
def test_only_files_are_kept(storage: Storage, tmp_path: Path, planted: str) -> None:
    """A step may have put something else in the place of the archive that the runner made."""
    (tmp_path / "key").write_text("private")
    archive = storage.work / "archive"
    if planted == "link":
        archive.symlink_to(tmp_path / "key")
    else:
        os.mkfifo(archive)
    with pytest.raises(OSError, match="not a regular file"):
        storage.keep(archive, storage.artifact(1))
    assert not os.path.lexists(storage.artifact(1))
    assert (tmp_path / "key").read_text() == "private"


def test_work_left_behind_goes_however_deep(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    (storage.work / "link").symlink_to(tmp_path)
    place = os.open(storage.work / "1-1", os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    storage.clear_work()
    assert not storage.work.exists()
    assert (tmp_path / "precious").exists()
