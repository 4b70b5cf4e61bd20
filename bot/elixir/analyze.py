"""Run all rules over a tree: local ones file by file on all cores, then those on the facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.core.finding import Analysis, Exempted, Finding, Note
from bot.elixir import nodes
from bot.elixir.calls import CALLS
from bot.elixir.facts import ModuleFacts, facts_of_file
from bot.elixir.mentions import HOLDERS
from bot.elixir.mixfile import apps_of
from bot.elixir.outline import modules_of
from bot.elixir.project import Project
from bot.elixir.report import sort_out
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.selection import EVERYTHING, Selection, counted
from bot.elixir.source import Source
from bot.elixir.tree import DirectoryTree, SourceTree
from bot.elixir.workers import Progress, by_file


@dataclass(frozen=True)
class Survey:
    """An analysis together with the project it was made of."""

    analysis: Analysis
    project: Project


@dataclass(frozen=True)
class _FileResult:
    facts: tuple[ModuleFacts, ...]
    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]
    notes: tuple[Note, ...]
    lines: int


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
    selection: Selection = EVERYTHING,
) -> Survey:
    """Analyse a tree with some rules (default: all) on `jobs` processes (default: one per core)."""
    files = tree.files()
    chosen = selection.of(rules if rules is not None else all_rules())
    work = partial(_analyze_file, rules=chosen)
    results = by_file(files, work, jobs=jobs, progress=progress, before_fork=_prepare)
    facts = tuple(f for result in results for f in result.facts)
    project = Project(files, apps_of(files), facts)
    findings = [f for result in results for f in result.findings]
    exempted = [e for result in results for e in result.exempted]
    for rule in chosen:
        if rule.check_project is not None:
            sort_out(rule, rule.check_project(project), project.opened, findings, exempted)
    homed = _distinct(_with_fix_where_it_can_be(findings, chosen, project))
    in_order = sorted(homed, key=lambda f: (f.path, f.start_byte, f.rule))
    notes = (*tree.notes(), *(n for result in results for n in result.notes))
    count = counted(selection, files, in_order, exempted, notes, chosen)
    analysis = Analysis(
        commit=commit,
        files=len(files),
        lines=sum(result.lines for result in results),
        modules=len(facts),
        findings=count.findings,
        suppressed=count.suppressed,
        exempted=tuple(sorted(count.exempted, key=lambda e: (e.path, e.line, e.rule))),
        notes=count.notes,
        trees=project.trees,
        rules=tuple(rule.id for rule in chosen),
    )
    return Survey(analysis, project)


def _with_fix_where_it_can_be(
    findings: Iterable[Finding], rules: Iterable[Rule], project: Project
) -> Iterator[Finding]:
    """Only advice where the fix needs an application and there is none."""
    homeless = {rule.id for rule in rules if rule.fix_needs_app}
    for finding in findings:
        stays = finding.rule not in homeless or finding.fix == "advice"
        if stays or project.app_of(finding.path) is not None:
            yield finding
        else:
            yield finding.model_copy(update={"fix": "advice"})


def _prepare() -> None:
    nodes.prepare(*CALLS)
    nodes.prepare(*HOLDERS)


def _analyze_file(path: str, data: bytes, rules: tuple[Rule, ...]) -> _FileResult:
    source = Source(path, data)
    modules = modules_of(source)
    facts = facts_of_file(source, modules)
    findings: list[Finding] = []
    exempted: list[Exempted] = []
    for rule in rules:
        if rule.check is None or source.role not in rule.roles:
            continue
        if rule.triggers and not source.holds(rule.triggers):
            continue
        for module in modules:
            sort_out(rule, rule.check(module), lambda _: (source, modules), findings, exempted)
    notes = _parse_notes(source)
    for module in modules:
        module.release()
    return _FileResult(facts, tuple(findings), tuple(exempted), notes, data.count(b"\n") + 1)


def _parse_notes(source: Source) -> tuple[Note, ...]:
    if source.deep:
        return (Note(path=source.path, kind="unparsed", message="nested too deeply; not analysed"),)
    error = source.first_error()
    if error is None:
        return ()
    line = source.line(error.start_byte)
    return (
        Note(
            path=source.path, kind="unparsed", message=f"does not parse near line {line}", line=line
        ),
    )


def _distinct(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Give the second and later findings of one identity a number of their own."""
    seen: dict[str, int] = {}
    for finding in sorted(findings, key=lambda f: (f.path, f.start_byte)):
        count = seen[finding.id] = seen.get(finding.id, 0) + 1
        yield finding if count == 1 else finding.model_copy(update={"id": f"{finding.id}-{count}"})
