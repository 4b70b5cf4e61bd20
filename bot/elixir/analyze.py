"""An analysis: what all rules find in a tree, as far as it counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.core.finding import Analysis
from bot.elixir.inspection import Inspection
from bot.elixir.project import Project
from bot.elixir.result_cache import NO_CACHE, ResultCache
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.selection import EVERYTHING, Selection, counted
from bot.elixir.tree import DirectoryTree, SourceTree
from bot.elixir.usings import Usings
from bot.elixir.workers import Progress


@dataclass(frozen=True)
class Survey:
    """An analysis together with what it was made of."""

    analysis: Analysis
    inspection: Inspection

    @property
    def project(self) -> Project:
        """The project as facts; made when it is first asked for."""
        return self.inspection.project


def analyze(root: Path, jobs: int | None = None, progress: Progress | None = None) -> Analysis:
    """Analyse the Elixir files below a directory with every rule."""
    return survey(DirectoryTree(root), jobs=jobs, progress=progress).analysis


def survey(
    tree: SourceTree,
    *,
    commit: str = "",
    jobs: int | None = None,
    rules: tuple[Rule, ...] | None = None,
    progress: Progress | None = None,
    usings: Usings | None = None,
    selection: Selection = EVERYTHING,
    cache: ResultCache = NO_CACHE,
) -> Survey:
    """Analyse a tree with some rules (default: all) on `jobs` processes (default: one per core).

    `usings` are those of the whole project, where the tree is a part of one.
    """
    files = tree.files()
    chosen = selection.of(rules if rules is not None else all_rules())
    inspection = Inspection(files, chosen, usings, jobs, progress, cache)
    found = inspection.found
    notes = (*tree.notes(), *found.notes)
    count = counted(selection, files, found.findings, found.exempted, notes, chosen)
    analysis = Analysis(
        commit=commit,
        files=len(files),
        lines=found.lines,
        modules=found.modules,
        findings=count.findings,
        suppressed=count.suppressed,
        exempted=count.exempted,
        notes=count.notes,
        trees=found.trees,
        rules=tuple(rule.id for rule in chosen),
        cached=inspection.known,
    )
    return Survey(analysis, inspection)
