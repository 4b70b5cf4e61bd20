"""The static analyser as pipelines use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.core.finding import Analysis, Finding
from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import DirectoryTree
from bot.flows.bench import Bench
from bot.flows.surveys import selection_of_directory


@dataclass
class Analyses:
    """The static analyser on the work tree, or on the commit where nothing is open yet."""

    bench: Bench

    def analyze(self, *, rules: tuple[str, ...], paths: tuple[str, ...]) -> Analysis:
        """Findings of these rules below these paths; all where none is named."""
        chosen = tuple(rule(name) for name in rules) if rules else None
        if self.bench.opened:
            tree = DirectoryTree(self.bench.worktree.project)
            selection = self.bench.session.selection
            analysis = survey(tree, jobs=1, rules=chosen, selection=selection).analysis
        else:
            analysis = self.bench.session.survey.analysis
        kept = [f for f in analysis.findings if (not rules or f.rule in rules) and _below(f, paths)]
        return analysis.model_copy(update={"findings": tuple(kept)})


@dataclass(frozen=True)
class DirectoryAnalyses:
    """The same on a plain directory."""

    root: Path

    def analyze(self, *, rules: tuple[str, ...], paths: tuple[str, ...]) -> Analysis:
        """Findings of these rules below these paths; all where none is named."""
        chosen = tuple(rule(name) for name in rules) if rules else None
        tree, selection = DirectoryTree(self.root), selection_of_directory(self.root)
        analysis = survey(tree, jobs=1, rules=chosen, selection=selection).analysis
        kept = tuple(f for f in analysis.findings if _below(f, paths))
        return analysis.model_copy(update={"findings": kept})


def _below(finding: Finding, paths: tuple[str, ...]) -> bool:
    roots = tuple(path.rstrip("/") for path in paths)
    return not roots or any(f"{finding.path}/".startswith(f"{root}/") for root in roots)
