"""Where source comes from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.errors import Unusable
from bot.flows.trees import checkout_tree, commit_tree, pack_files
from bot.settings import load_settings
from tests.flows.support import repository

FILES = {"lib/a.ex": "defmodule A do\nend\n", ".gitignore": "/gen/\n", "README.md": "x"}


def test_a_checkout_leaves_out_what_git_ignores(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FILES)
    (root / "gen").mkdir()
    (root / "gen/b.ex").write_text("defmodule B do\nend\n")
    (root / "lib/new.ex").write_text("defmodule New do\nend\n")
    assert set(checkout_tree(root, load_settings()).files()) == {"lib/a.ex", "lib/new.ex"}


def test_a_plain_directory_needs_no_git(tmp_path: Path) -> None:
    (tmp_path / "a.ex").write_text("defmodule A do\nend\n")
    assert set(checkout_tree(tmp_path, load_settings()).files()) == {"a.ex"}


def test_one_file_is_a_tree(tmp_path: Path) -> None:
    (tmp_path / "a.ex").write_text("defmodule A do\nend\n")
    assert set(checkout_tree(tmp_path / "a.ex", load_settings()).files()) == {"a.ex"}


@pytest.mark.parametrize("name", ["", "missing"])
def test_nothing_to_read_is_a_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unusable) as caught:
        checkout_tree(tmp_path / name, load_settings())
    assert caught.value.hint


def test_a_commit_is_read_without_looking_at_the_checkout(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FILES)
    opened = Repository.open(root, load_settings())
    (root / "lib/a.ex").write_text("changed")
    (root / "lib/new.ex").write_text("new")
    assert commit_tree(opened, opened.head).files() == {"lib/a.ex": b"defmodule A do\nend\n"}


def test_paths_are_relative_to_the_directory_that_was_named(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "r", {"apps/one/lib/a.ex": "x = 1\n", "apps/two/lib/b.ex": "y = 1\n"}
    )
    opened = Repository.open(root / "apps/one", load_settings())
    assert set(commit_tree(opened, opened.head).files()) == {"lib/a.ex"}


def test_symlinks_and_huge_files_of_a_commit_are_noted(tmp_path: Path) -> None:
    source = tmp_path / "r"
    (source / "lib").mkdir(parents=True)
    os.symlink("/etc/hostname", source / "lib/link.ex")
    root = repository(source, FILES | {"lib/huge.ex": "# x\n" * 600_000})
    opened = Repository.open(root, load_settings())
    tree = commit_tree(opened, opened.head)
    assert {(n.path, n.kind) for n in tree.notes()} == {
        ("lib/link.ex", "outside"),
        ("lib/huge.ex", "too-large"),
    }


def test_a_pack_is_files(tmp_path: Path) -> None:
    pack = tmp_path / "pack.xml"
    pack.write_text(
        '<files>\n<file path="lib/a.ex">\ndefmodule A do\nend\n</file>\n'
        '<file path="x.md">\nx\n</file>\n</files>'
    )
    assert pack_files(pack).keys() == {"lib/a.ex", "x.md"}


def test_a_missing_or_empty_pack_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "empty.xml").write_text("<files></files>")
    for name in ("missing.xml", "empty.xml"):
        with pytest.raises(Unusable):
            pack_files(tmp_path / name)
