"""Files and folders that steps control: nothing outside of them is read, made or changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.simulator.actions.runner.inside import (
    folder,
    is_file,
    new_file,
    new_link,
    open_file,
    write_file,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A job's folder, beside something precious."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "letter").write_text("dear")
    (tmp_path / "job" / "work").mkdir(parents=True)
    return tmp_path / "job"


def untouched(root: Path) -> bool:
    precious = root.parent / "precious"
    return os.listdir(precious) == ["letter"] and (precious / "letter").read_text() == "dear"


def test_a_file_is_read_also_by_a_link_that_stays(root: Path) -> None:
    (root / "work" / "file").write_text("text")
    (root / "link").symlink_to("work/file")
    for name in ("work/file", "link"):
        with open_file(root, root / name) as file:
            assert file.read() == b"text"


@pytest.mark.parametrize("planted", ["file-link", "folder-link", "pipe", "device", "folder"])
def test_anything_else_is_not_opened(root: Path, planted: str) -> None:
    path = root / "work" / "file"
    match planted:
        case "file-link":
            path.symlink_to(root.parent / "precious" / "letter")
        case "folder-link":
            (root / "work").rmdir()
            (root / "work").symlink_to(root.parent / "precious")
            path = root / "work" / "letter"
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            path.mkdir()
    with pytest.raises(OSError, match=r"leads out|not a regular file"):
        open_file(root, path)
    assert not is_file(root, path)


def test_a_root_that_became_a_link_holds_nothing(root: Path) -> None:
    (root / "work").rmdir()
    root.rmdir()
    root.symlink_to(root.parent / "precious")
    with pytest.raises(OSError, match="leads out"):
        open_file(root, root / "letter")
    with pytest.raises(OSError, match="leads out"), folder(root, root / "new"):
        pass
    with pytest.raises(OSError, match="leads out"):
        write_file(root, root / "letter", b"x")
    assert untouched(root)


def test_folders_are_made_only_inside(root: Path) -> None:
    with folder(root, root / "a" / "b"):
        assert (root / "a" / "b").is_dir()
    (root / "stays").symlink_to("a")
    with folder(root, root / "stays" / "c"):
        assert (root / "a" / "c").is_dir()
    (root / "leaves").symlink_to(root.parent / "precious")
    for name in ("leaves", "leaves/c", "../precious"):
        with pytest.raises(OSError, match="leads out"), folder(root, root / name):
            pass
    assert untouched(root)


@pytest.mark.parametrize("planted", ["link", "hard link", "pipe", "nowhere"])
def test_a_new_file_takes_the_place_of_what_is_there(root: Path, planted: str) -> None:
    letter, path = root.parent / "precious" / "letter", root / "work" / "file"
    match planted:
        case "link":
            path.symlink_to(letter)
        case "hard link":
            path.hardlink_to(letter)
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to(root.parent / "precious" / "new")
    with new_file(root, path, 0o750) as file:
        file.write(b"text")
    assert path.read_text() == "text"
    assert not path.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o750
    assert untouched(root)


def test_a_link_is_made_but_not_followed(root: Path) -> None:
    new_link(root, root / "work" / "link", "/etc")
    new_link(root, root / "work" / "link", str(root.parent / "precious"))
    assert os.readlink(root / "work" / "link") == str(root.parent / "precious")
    with pytest.raises(OSError, match="leads out"):
        new_link(root, root / "work" / "link" / "inner", "x")
    assert untouched(root)
