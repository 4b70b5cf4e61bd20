"""The stale-build trap with the real mix: an edit or rollback in a build's second is seen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.codebase.worktree import Worktree
from tests.codebase.support import open_in

MIX_EXS = b"""defmodule Tiny.MixProject do
  use Mix.Project
  def project, do: [app: :tiny, version: "0.1.0"]
end
"""


def built(tree: Worktree) -> str:
    """What the project answers after mix has brought the build up to date."""
    argv = ["mix", "run", "--no-start", "-e", "IO.puts(Tiny.value())"]
    done = subprocess.run(argv, cwd=tree.root, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.elixir
def test_same_size_edits_and_rollbacks_are_always_compiled(tmp_path: Path) -> None:
    source = "defmodule Tiny do\n  def value, do: {}\nend\n"
    files = {
        "mix.exs": MIX_EXS,
        "lib/tiny.ex": source.format(1).encode(),
        ".gitignore": b"/_build/\n",
    }
    repository = open_in(tmp_path, files)
    branch = "genesis/local-1/stage-1"
    tree = Worktree.create(repository, branch, repository.head, tmp_path / "work")
    assert built(tree) == "1"
    for value in (2, 3):
        tree.files.write("lib/tiny.ex", source.format(value))
        assert built(tree) == str(value)
    commit = tree.commit("Three", ["lib/tiny.ex"])
    tree.files.write("lib/tiny.ex", source.format(4))
    assert built(tree) == "4"
    tree.reset()
    assert built(tree) == "3"
    tree.revert(commit, "Undo")
    assert built(tree) == "1"
