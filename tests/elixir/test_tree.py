"""Where source comes from: directories and memory, with files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.elixir.analyze import survey
from bot.elixir.tree import MAX_BYTES, DirectoryTree, MemoryTree, is_elixir

CODE = "defmodule A do\nend\n"


def test_directory_holds_elixir_files_only(tmp_path: Path) -> None:
    for name in (
        "lib/a.ex",
        "test/a_test.exs",
        "lib/a.erl",
        "deps/x/lib/x.ex",
        "_build/y.ex",
        ".git/z.ex",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CODE)
    assert list(DirectoryTree(tmp_path).files()) == ["lib/a.ex", "test/a_test.exs"]
    assert not is_elixir("deps/x/lib/x.ex")


def test_symlink_out_of_the_tree_is_noted_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    (tmp_path / "secret.ex").write_text(CODE)
    (root / "inside.ex").write_text(CODE)
    (root / "out.ex").symlink_to(tmp_path / "secret.ex")
    (root / "within.ex").symlink_to(root / "inside.ex")
    (root / "nowhere.ex").symlink_to(root / "missing.ex")
    tree = DirectoryTree(root)
    assert set(tree.files()) == {"inside.ex", "within.ex"}
    assert {n.path: n.kind for n in tree.notes()} == {
        "out.ex": "outside",
        "nowhere.ex": "unreadable",
    }


def test_linked_folder_is_not_walked(tmp_path: Path) -> None:
    root, away = tmp_path / "repo", tmp_path / "away"
    root.mkdir()
    away.mkdir()
    (away / "a.ex").write_text(CODE)
    (root / "lib").symlink_to(away)
    assert DirectoryTree(root).files() == {}


def test_file_that_is_not_utf8_is_noted(tmp_path: Path) -> None:
    (tmp_path / "latin.ex").write_bytes(b"# caf\xe9\n" + CODE.encode())
    tree = DirectoryTree(tmp_path)
    assert tree.files() == {}
    assert [(n.path, n.kind) for n in tree.notes()] == [("latin.ex", "not-utf8")]
    assert "byte 5" in tree.notes()[0].message


@pytest.mark.parametrize("extra", [0, 1])
def test_huge_file_is_noted(tmp_path: Path, extra: int) -> None:
    data = b"#" * (MAX_BYTES + extra)
    (tmp_path / "big.ex").write_bytes(data)
    for tree in (DirectoryTree(tmp_path), MemoryTree.of({"big.ex": data})):
        assert [n.kind for n in tree.notes()] == ["too-large"] * extra
        assert len(tree.files()) == 1 - extra


def test_directory_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "odd.ex").mkdir()
    (tmp_path / "odd.ex" / "a.ex").write_text(CODE)
    assert list(DirectoryTree(tmp_path).files()) == ["odd.ex/a.ex"]


def test_file_that_does_not_parse_is_noted_and_the_rest_is_analysed() -> None:
    files = {"lib/a.ex": "defmodule A do\n  def f(\nend\n", "lib/b.ex": CODE}
    analysis = survey(MemoryTree.of(files), jobs=1, rules=()).analysis
    assert [(n.path, n.kind) for n in analysis.notes] == [("lib/a.ex", "unparsed")]
    assert analysis.notes[0].line >= 1
    assert analysis.files == 2
