"""One genesis process per repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.codebase.lock import locked
from bot.errors import Busy, Exit, Unusable

HOLDER = """
import sys
from pathlib import Path
from bot.codebase.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(git_dir: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(git_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    assert child.stdout.readline() == "held\n"
    return child


def finish(child: subprocess.Popen[str]) -> None:
    assert child.stdin
    assert child.stdout
    child.stdin.close()
    child.wait()
    child.stdout.close()


def test_the_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    child = start_holder(tmp_path)
    try:
        with pytest.raises(Busy, match=rf"pid {child.pid}\)") as caught, locked(tmp_path):
            pass
    finally:
        finish(child)
    assert caught.value.exit_code is Exit.BUSY


def test_the_lock_is_free_when_its_holder_ends(tmp_path: Path) -> None:
    finish(start_holder(tmp_path))
    with locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_kill_9_frees_the_lock(tmp_path: Path) -> None:
    child = start_holder(tmp_path)
    child.kill()
    finish(child)
    with locked(tmp_path):
        pass


def test_a_child_that_outlives_its_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    with locked(tmp_path):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    try:
        with locked(tmp_path):
            pass
    finally:
        child.communicate()


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"), locked(tmp_path):
        raise ValueError("x")
    with locked(tmp_path):
        pass


def test_a_repository_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "genesis").touch()
    with pytest.raises(Unusable, match="cannot write below"), locked(tmp_path):
        pass


def test_a_link_in_place_of_the_lock_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("keep")
    (tmp_path / "genesis").mkdir()
    (tmp_path / "genesis" / "lock").symlink_to(target)
    with pytest.raises(Unusable), locked(tmp_path):
        pass
    assert target.read_text() == "keep"
