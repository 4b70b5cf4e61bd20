"""What steps leave is deleted, and nothing that their links lead to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.simulator.actions.runner.clearing import delete, empty


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A job's folder, beside something precious."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "letter").write_text("dear")
    (tmp_path / "job" / "work").mkdir(parents=True)
    return tmp_path / "job"


def precious(root: Path) -> bool:
    return (root.parent / "precious" / "letter").read_text() == "dear"


def test_a_folder_is_emptied_and_stays(root: Path) -> None:
    (root / "work" / "a" / "b").mkdir(parents=True)
    (root / "work" / "a" / "b" / "file").write_text("x")
    (root / "work" / ".hidden").write_text("x")
    empty(root, root / "work")
    assert list((root / "work").iterdir()) == []


def test_the_folder_itself_may_not_be_a_link(root: Path) -> None:
    (root / "work").rmdir()
    (root / "work").symlink_to(root.parent / "precious")
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        empty(root, root / "work")
    assert precious(root)


def test_no_name_on_the_way_may_be_a_link(root: Path) -> None:
    (root / "work" / "inner").symlink_to(root.parent)
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        empty(root, root / "work" / "inner" / "precious")
    assert precious(root)


def test_links_inside_go_and_what_they_lead_to_stays(root: Path) -> None:
    (root / "work" / "deep").mkdir()
    for place in (root / "work", root / "work" / "deep"):
        (place / "link").symlink_to(root.parent / "precious")
        (place / "file-link").symlink_to(root.parent / "precious" / "letter")
    empty(root, root / "work")
    assert list((root / "work").iterdir()) == []
    assert precious(root)


def test_a_link_in_the_place_of_the_folder_is_deleted_as_a_link(root: Path) -> None:
    (root / "work").rmdir()
    (root / "work").symlink_to(root.parent / "precious")
    delete(root, root / "work")
    assert not (root / "work").is_symlink()
    assert precious(root)


def test_what_is_elsewhere_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="precious"):
        empty(root, root.parent / "precious")
    assert precious(root)


def test_rights_that_a_step_took_away_are_no_obstacle(root: Path) -> None:
    locked = root / "work" / "locked"
    (locked / "inner").mkdir(parents=True)
    (locked / "inner" / "file").write_text("x")
    (locked / "inner").chmod(0)
    locked.chmod(0o500)
    delete(root, root / "work")
    assert list(root.iterdir()) == []


def test_names_like_options_and_any_depth_are_fine(root: Path) -> None:
    (root / "work" / "-rf").mkdir()
    (root / "work" / "--help").write_text("x")
    place = os.open(root / "work", os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    empty(root, root / "work")
    assert list((root / "work").iterdir()) == []


def test_what_a_step_mounted_is_left_alone(tmp_path: Path) -> None:
    """In a world of mounts of its own, for that is the only place where a test may mount."""
    script = f"""
        set -e
        cd {tmp_path}
        mkdir -p precious job/w/deep/place
        echo dear > precious/letter
        mount --bind precious job/w/deep/place
        {sys.executable} -c '
from pathlib import Path
from bot.simulator.actions.runner.clearing import empty
try:
    empty(Path("{tmp_path}/job"), Path("{tmp_path}/job/w"))
except OSError as error:
    print(error.strerror)
'
        cat precious/letter
    """
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "bash", "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
        capture_output=True,
        text=True,
    )
    if "Operation not permitted" in done.stderr or "unshare:" in done.stderr:
        pytest.skip("nothing may be mounted here")
    assert done.stdout == "something is mounted in it\ndear\n"
