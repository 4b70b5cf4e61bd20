"""Short ways to run the analyser on Elixir written in a test."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from bot.core.finding import Analysis
from bot.elixir.analyze import survey
from bot.elixir.outline import Module, modules_of
from bot.elixir.rules.base import Rule
from bot.elixir.source import Source
from bot.elixir.tree import MemoryTree

MIX_EXS = """\
defmodule Sample.MixProject do
  use Mix.Project
  def project, do: [app: :sample, version: "0.1.0"]
  def application, do: [mod: {Sample.Application, []}]
end
"""


def analysed(rule: Rule, code: str | Mapping[str, str], path: str = "lib/sample.ex") -> Analysis:
    """What one rule says about one file of a Mix application, or about just these several."""
    files = {"mix.exs": MIX_EXS, path: dedent(code)} if isinstance(code, str) else dict(code)
    return survey(MemoryTree.of(files), jobs=1, rules=(rule,)).analysis


def module(code: str, name: str = "", path: str = "lib/sample.ex") -> Module:
    """The named module of the code, or its first."""
    found = modules_of(Source(path, dedent(code).encode()))
    return next(m for m in found if not name or m.name == name)
