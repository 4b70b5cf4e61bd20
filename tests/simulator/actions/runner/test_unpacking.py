"""Archives with links: these are made as they are, and nothing is written by them."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from bot.simulator.actions.runner.unpacking import unpack


def packed(*members: tuple[str, str]) -> tarfile.TarFile:
    """Links by their targets, files by an empty one."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, target in members:
            member = tarfile.TarInfo(name)
            member.mode = 0o4777
            if target:
                member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return tarfile.open(fileobj=io.BytesIO(data.getvalue()))


def test_links_stay_what_they_are(tmp_path: Path) -> None:
    with packed(("python", "/usr/bin/python3"), ("up", "../.."), ("run", "")) as tar:
        unpack(tar, lambda name: (tmp_path, tmp_path / name))
    assert os.readlink(tmp_path / "python") == "/usr/bin/python3"
    assert os.readlink(tmp_path / "up") == "../.."
    assert (tmp_path / "run").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("name", ["away/file", "../file", "a/../../file"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").mkdir()
    with packed(("away", "../outside"), (name, "")) as tar, pytest.raises(OSError, match="leads"):
        unpack(tar, lambda name: (root, root / name))
    assert not (tmp_path / "file").exists()
    assert list((tmp_path / "outside").iterdir()) == []
