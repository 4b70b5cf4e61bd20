"""Mix projects made of strings, and what tests ask of them: the analysis, a test run, a copy."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from bot.core.finding import Analysis, Finding
from bot.core.plan import Change
from bot.elixir.analyze import survey
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.project import Project
from bot.elixir.tree import DirectoryTree, MemoryTree

MakeProject = Callable[[Mapping[str, str]], Path]
"""The `mix_project` fixture."""

MIX_EXS = """\
defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [
      app: :shop,
      version: "0.1.0",
      elixir: "~> 1.14",
      deps: []
    ]
  end

  def application do
    [
      extra_applications: [:logger],
      mod: {Shop.Application, []}
    ]
  end
end
"""

APPLICATION = """\
defmodule Shop.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = []

    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end
end
"""

DEFAULTS = {
    "mix.exs": MIX_EXS,
    ".formatter.exs": '[inputs: ["{mix,.formatter}.exs", "{lib,test}/**/*.{ex,exs}"]]\n',
    "test/test_helper.exs": "ExUnit.start()\n",
}
"""What `mix_project` adds where the given files do not have it."""

_SUMMARY = re.compile(r"(\d+) tests?, (\d+) failures?")
_ticks = itertools.count(2)


class Run(NamedTuple):
    """One `mix test`: both counts are -1 where no test ran (`output` says why)."""

    passed: int
    failed: int
    output: str


def write_project(root: Path, files: Mapping[str, str]) -> Path:
    """Write `files` and the defaults below `root`."""
    for path, text in {**DEFAULTS, **files}.items():
        write(root, path, text)
    return root


def write(root: Path, path: str, text: str) -> None:
    """Write one file, newer than any build: Mix 1.14 misses a same-size edit within one second."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())
    stamp = time.time() + next(_ticks)
    os.utime(target, (stamp, stamp))


def mix(root: Path, *args: str) -> tuple[int, str]:
    """Run a mix task in MIX_ENV=test; (exit code, both streams)."""
    env = {**os.environ, "MIX_ENV": "test", "LANG": "C.UTF-8", "MIX_QUIET": "1"}
    done = subprocess.run(
        ["mix", *args],
        cwd=root,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def run_tests(root: Path, path: str = "", *, seed: int = 0) -> Run:
    """`mix test` of one file (default: all)."""
    _, output = mix(root, "test", "--seed", str(seed), *([path] if path else []))
    counts = _SUMMARY.findall(output)
    if not counts:
        return Run(-1, -1, output)
    total, failed = (sum(int(c[i]) for c in counts) for i in (0, 1))
    return Run(total - failed, failed, output)


def apply_changes(root: Path, changes: Iterable[Change]) -> None:
    """Write the changes; the files must stand as the changes say they do."""
    for change in changes:
        target = root / change.path
        now = target.read_bytes().decode() if target.exists() else ""
        assert now == change.before, f"{change.path} is not what the change was made for"
        write(root, change.path, change.after)


def copy_project(root: Path, to: Path) -> Path:
    """A copy with its build, so that nothing but the changed files is compiled again."""
    return Path(shutil.copytree(root, to))


def project_of(where: Path | Mapping[str, str]) -> Project:
    """The project as codemods see it: of a directory, or of exactly these files in memory."""
    return surveyed(where)[1]


def surveyed(where: Path | Mapping[str, str]) -> tuple[Analysis, Project]:
    """Analysis with every rule, and the project."""
    tree = DirectoryTree(where) if isinstance(where, Path) else MemoryTree.of(where)
    done = survey(tree, jobs=1)
    return done.analysis, done.project


def findings_of(where: Path | Mapping[str, str], rule: str) -> list[Finding]:
    """Findings of one rule, in source order."""
    return [f for f in surveyed(where)[0].findings if f.rule == rule]


def applied(project: Project, changes: Iterable[Change]) -> Project:
    """The project after the changes, in memory."""
    files = {path: data.decode() for path, data in project.files.items()}
    files.update({change.path: change.after for change in changes})
    return project_of(files)


def proposal(codemod: Codemod, project: Project, finding: Finding) -> Proposal:
    """The codemod's proposal; fails with the reason where it declines."""
    found = codemod.propose(project, finding)
    assert isinstance(found, Proposal), found.reason
    return found


def changes_of(codemod: Codemod, project: Project, params: Params) -> tuple[Change, ...]:
    """The codemod's change; fails with the reason where it declines."""
    found = codemod.apply(project, params)
    assert not isinstance(found, Declined), found.reason
    return found


def test_of(codemod: Codemod, project: Project, params: Params) -> GeneratedTest:
    """The codemod's generated test; fails with the reason where it declines."""
    found = codemod.test(project, params)
    assert isinstance(found, GeneratedTest), found.reason
    return found


test_of.__test__ = False  # type: ignore[attr-defined]  # keeps pytest from collecting it
