"""Finding files by patterns."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bot.simulator.actions.runner.globs import GlobError, find_files, hash_files

FILES = ("mix.lock", "apps/a/mix.lock", "lib/a.ex", "lib/deep/b.ex", ".git/config", "lib/.hidden")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    os.mkfifo(tmp_path / "lib" / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["mix.lock"], ["mix.lock"]),
        (["**/mix.lock"], ["apps/a/mix.lock", "mix.lock"]),
        (["lib"], ["lib/.hidden", "lib/a.ex", "lib/deep/b.ex"]),
        (["./lib/"], ["lib/.hidden", "lib/a.ex", "lib/deep/b.ex"]),
        (["lib/*.ex"], ["lib/a.ex"]),
        (["lib/**/*.ex", "!lib/deep"], ["lib/a.ex"]),
        (["lib/**/*.ex", "!**/a.*", "lib/a.ex"], ["lib/a.ex", "lib/deep/b.ex"]),
        (["lib/?.ex"], ["lib/a.ex"]),
        (["nothing/**"], []),
        (["", "# comment"], []),
        (["**/**/**/b.ex"], ["lib/deep/b.ex"]),
    ],
)
def test_find(tree: Path, patterns: list[str], found: list[str]) -> None:
    assert [p.relative_to(tree).as_posix() for p in find_files(tree, patterns)] == found


def test_hidden_files_only_when_asked_for(tree: Path) -> None:
    names = [p.name for p in find_files(tree, ["**"], hidden=False)]
    assert names == ["mix.lock", "a.ex", "b.ex", "mix.lock"]


@pytest.mark.parametrize("pattern", ["../x", "/etc/passwd", "lib/../../x", "!../x"])
def test_nothing_outside_is_found(tree: Path, pattern: str) -> None:
    with pytest.raises(GlobError, match="outside"):
        find_files(tree, [pattern])


def test_hashes_are_those_of_github(tree: Path) -> None:
    """SHA-256 over the SHA-256 of each file."""
    inner = hashlib.sha256(b"mix.lock").digest()
    assert hash_files(tree, ["mix.lock"]) == hashlib.sha256(inner).hexdigest()
    assert hash_files(tree, ["nothing"]) == ""


def test_links_count_as_files_if_they_stay(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.ex").touch()
    (tree / "lib" / "out.ex").symlink_to(outside / "x.ex")
    (tree / "lib" / "in.ex").symlink_to("a.ex")
    (tree / "lib" / "away").symlink_to(outside)
    (tree / "lib" / "zero.ex").symlink_to("/dev/zero")
    found = [p.relative_to(tree).as_posix() for p in find_files(tree, ["lib/*.ex", "lib/away"])]
    assert found == ["lib/a.ex", "lib/in.ex"]
