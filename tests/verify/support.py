"""Small mix projects and what is needed to run mix on them."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from textwrap import dedent

from bot.codebase.mix import Mix, Reporter, Timeouts
from bot.codebase.sandbox import Sandbox, open_sandbox
from bot.codebase.toolchain import Missing, Toolchain, find_toolchain
from bot.core.plan import Action, Change, FileRange
from bot.verify.reporter import prepare_reporter

FIXTURES = Path(__file__).parent.parent / "fixtures"

MIX_EXS = """\
defmodule Sample.MixProject do
  use Mix.Project

  def project do
    [app: :sample, version: "0.1.0", elixir: "~> 1.14", deps: []]
  end

  def application do
    [extra_applications: [:logger]]
  end
end
"""

COUNTER = """\
defmodule Sample.Counter do
  def add(number), do: number + 1
end
"""

COUNTER_TEST = """\
defmodule Sample.CounterTest do
  use ExUnit.Case

  test "adds one" do
    assert Sample.Counter.add(1) == 2
  end

  test "adds one to zero" do
    assert Sample.Counter.add(0) == 1
  end
end
"""

SAMPLE = {
    "mix.exs": MIX_EXS,
    "lib/sample/counter.ex": COUNTER,
    "test/test_helper.exs": "ExUnit.start()\n",
    "test/counter_test.exs": COUNTER_TEST,
}


@cache
def toolchain() -> Toolchain:
    """The Elixir of this machine."""
    with tempfile.TemporaryDirectory() as empty:
        found = find_toolchain(Path(empty), os.environ)
    assert not isinstance(found, Missing), found
    return found


@cache
def sandbox() -> Sandbox:
    """bubblewrap where it works."""
    return open_sandbox("auto", os.environ)


@cache
def reporter() -> Reporter:
    """Compiled once per process; the compiled form is shared through the cache."""
    cache_dir = Path(tempfile.gettempdir()) / f"genesis-tests-{os.getuid()}"
    return prepare_reporter(toolchain(), cache_dir, os.environ)


def write(root: Path, files: dict[str, str]) -> Path:
    """Write texts below `root`, which it returns."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
    return root


def sample(tmp_path: Path, files: dict[str, str] | None = None) -> Mix:
    """The sample project with `files` on top; an empty text leaves a file out."""
    texts = {path: text for path, text in {**SAMPLE, **(files or {})}.items() if text}
    return mix_in(write(tmp_path / "project", texts), tmp_path / "build")


def mix_in(root: Path, build: Path) -> Mix:
    """Mix on a directory of its own."""
    return Mix(root, toolchain(), sandbox(), build, os.environ)


def impatient(mix: Mix, seconds: float) -> Mix:
    """The same with a short deadline for every task."""
    return replace(mix, timeouts=Timeouts(seconds, seconds, seconds, seconds))


def recorded(folder: str, name: str) -> tuple[str, str]:
    """Both streams of a recorded run; an absent file is an empty stream."""
    texts = []
    for stream in ("stdout", "stderr"):
        path = FIXTURES / folder / f"{name}.{stream}"
        texts.append(path.read_text(encoding="utf-8") if path.exists() else "")
    return texts[0], texts[1]


def change(path: str, before: str, after: str) -> Change:
    """A change of one file."""
    return Change(path=path, before=before, after=after)


def action(*paths: str) -> Action:
    """An automatic action on `paths`."""
    return Action(
        id="1-sample",
        stage=1,
        title="sample",
        fix="automatic",
        rule="sample",
        finding_ids=("sample-0123456789",),
        files=tuple(FileRange(path=p, line=1, end_line=1, code="") for p in paths),
        problem="a problem",
        steps=("a step",),
        how_to_test="mix test",
        done_when=("green",),
    )
