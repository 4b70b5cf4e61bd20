"""Running one rule on a snippet."""

from __future__ import annotations

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree


def outcome(rule_id: str, files: dict[str, str]) -> list[str]:
    """What one rule says in source order: severities of findings, `~name` of exemptions."""
    analysis = survey(MemoryTree.of(files), jobs=1, rules=(rule(rule_id),)).analysis
    found = [(f.path, f.line, str(f.severity)) for f in analysis.findings]
    spared = [(e.path, e.line, f"~{e.exemption}") for e in analysis.exempted]
    return [word for _, _, word in sorted([*found, *spared])]


def in_function(body: str, head: str = "go(x)") -> dict[str, str]:
    """A library module whose one function has the body."""
    return {"lib/a.ex": f"defmodule Shop.A do\n  def {head} do\n    {body}\n  end\nend\n"}
