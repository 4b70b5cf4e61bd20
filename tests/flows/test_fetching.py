"""What is fetched goes into folders of the project's own, wherever its links lead."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.codebase.sandbox import open_sandbox
from bot.codebase.toolchain import Toolchain, find_toolchain
from bot.flows.action_run.dependencies import Dependencies
from bot.flows.build_place import build_path, fetched_deps
from bot.settings import load_settings
from tests.flows.action_run.test_token_left import Noting
from tests.flows.support import SHOP, git, repository

WRITES = """\
File.write!(Path.join(System.fetch_env!("MIX_DEPS_PATH"), "written"), "")
"""


def linked(tmp_path: Path) -> Repository:
    """A project that has committed a link in place of the folder of its dependencies."""
    files = {**SHOP, ".gitignore": "", "mix.exs": WRITES + SHOP["mix.exs"], "mix.lock": "%{}\n"}
    root = repository(tmp_path / "shop", files)
    (tmp_path / "outside").mkdir()
    (root / "deps").symlink_to("../outside")
    git(root, "add", "deps")
    git(root, "commit", "-qm", "Link")
    return Repository.open(root, load_settings(cache_dir=tmp_path / "cache"))


@pytest.mark.elixir
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap here")
def test_a_link_in_place_of_the_dependencies_opens_nothing_to_the_sandbox(tmp_path: Path) -> None:
    shop = linked(tmp_path)
    tools = find_toolchain(shop.path, os.environ)
    assert isinstance(tools, Toolchain)
    watch = Noting()
    fetching = Dependencies(shop, tools, open_sandbox("required", os.environ), watch)
    fetching.fetch(shop.head, shop.path / "deps", build_path(shop, tools))
    assert list((tmp_path / "outside").iterdir()) == []
    assert "nothing is fetched through it" in " ".join(watch.notes)


def test_nor_is_what_it_leads_to_shown_to_the_checks(tmp_path: Path) -> None:
    shop = linked(tmp_path)
    assert fetched_deps(shop) is None
    git(shop.root, "rm", "-q", "--cached", "deps")
    assert fetched_deps(shop) == shop.path / "deps"
