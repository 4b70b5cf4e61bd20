from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Refused, Unusable
from bot.pipeline.prompts.files import ConfinedFiles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    inside = tmp_path / "tree"
    (inside / ".git").mkdir(parents=True)
    (inside / ".git" / "config").write_text("secret")
    (inside / "a.ex").write_bytes(b"a\xff")
    (tmp_path / "outside.txt").write_text("secret")
    (inside / "link").symlink_to(tmp_path / "outside.txt")
    return inside


def test_it_reads_inside_and_what_was_named(root: Path) -> None:
    outside = root.parent / "outside.txt"
    files = ConfinedFiles(root, named=(outside,))
    assert files.read("a.ex") == "a\N{REPLACEMENT CHARACTER}"
    assert files.read(str(root / "a.ex")).startswith("a")
    assert files.read(str(outside)) == "secret"


@pytest.mark.parametrize(
    "path", ["../outside.txt", "link", "/etc/passwd", ".git/config", "a\0b", "x/../../outside.txt"]
)
def test_it_refuses_what_is_outside(root: Path, path: str) -> None:
    with pytest.raises(Refused):
        ConfinedFiles(root).read(path)


def test_a_missing_file_is_named(root: Path) -> None:
    with pytest.raises(Unusable, match=r"there is no file 'b\.ex'"):
        ConfinedFiles(root).read("b.ex")
