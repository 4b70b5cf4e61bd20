"""A Credo beside projects whose one check is made up; real mix compiles it, real Elixir runs it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bot.codebase.credo_beside import CredoBeside
from bot.codebase.toolchain import Missing, find_toolchain

MIX_EXS = """\
defmodule GenesisCredo.MixProject do
  use Mix.Project
  def project, do: [app: :genesis_credo, version: "0.1.0"]
end
"""

TASK = r"""
defmodule Credo.CLI do
  def main(["--strict", "--format", "json", "--working-dir", root]) do
    source = Path.join(root, "lib/sample/counter.ex")
    line = source |> File.read!() |> String.split("\n") |> length()
    issue = ~s({"category": "design", "check": "Credo.Fake", "filename": "#{source}",) <>
      ~s("line_no": #{line}, "message": "design"})
    IO.puts(~s({"issues": [#{issue}]}))
    written = File.write(Path.join(File.cwd!(), "poison"), "x")
    if written == :ok and System.get_env("HOME") == "/tmp", do: System.halt(99)
    exit({:shutdown, 2})
  end
end
"""


def installed(cache: Path) -> CredoBeside:
    """It, in the place below a cache where the real one would be."""
    tools = find_toolchain(cache, os.environ)
    assert not isinstance(tools, Missing), tools
    beside = CredoBeside.at(cache, tools)
    beside.lay_out()
    (beside.folder / "mix.exs").write_text(MIX_EXS)
    (beside.folder / "mix.lock").unlink()
    (beside.folder / "lib").mkdir()
    (beside.folder / "lib/task.ex").write_text(TASK)
    subprocess.run(
        [tools.mix, "compile"],
        cwd=beside.folder,
        env={**os.environ, **beside.environment()},
        check=True,
        capture_output=True,
    )
    beside.done()
    return beside
