"""Run all rules over a tree: local ones file by file on all cores, then those on the facts."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bot.core.finding import Analysis, Exempted, Finding, Note
from bot.elixir.facts import ModuleFacts, facts_of_file
from bot.elixir.mixfile import apps_of
from bot.elixir.outline import modules_of
from bot.elixir.project import Project
from bot.elixir.report import sort_out
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.source import Source
from bot.elixir.tree import DirectoryTree, SourceTree

POOL_FROM_BYTES = 600_000
"""Below this much source a second process costs more than it saves."""

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""


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
) -> Survey:
    """Analyse a tree with some rules (default: all) on `jobs` processes (default: one per core)."""
    files = tree.files()
    chosen = rules if rules is not None else all_rules()
    results = _file_results(files, chosen, jobs or os.cpu_count() or 1, progress)
    facts = tuple(f for result in results for f in result.facts)
    project = Project(files, apps_of(files), facts)
    findings = [f for result in results for f in result.findings]
    exempted = [e for result in results for e in result.exempted]
    for rule in chosen:
        if rule.check_project is not None:
            sort_out(rule, rule.check_project(project), project.opened, findings, exempted)
    analysis = Analysis(
        commit=commit,
        files=len(files),
        lines=sum(result.lines for result in results),
        modules=len(facts),
        findings=tuple(sorted(_distinct(findings), key=lambda f: (f.path, f.start_byte, f.rule))),
        exempted=tuple(sorted(exempted, key=lambda e: (e.path, e.line, e.rule))),
        notes=(*tree.notes(), *(n for result in results for n in result.notes)),
        trees=project.trees,
        rules=tuple(rule.id for rule in chosen),
    )
    return Survey(analysis, project)


_inherited: tuple[Mapping[str, bytes], tuple[Rule, ...]] = ({}, ())
"""What forked workers read; set right before the fork, so that no source is sent to them."""


def _file_results(
    files: Mapping[str, bytes], rules: tuple[Rule, ...], jobs: int, progress: Progress | None
) -> list[_FileResult]:
    global _inherited
    paths = list(files)
    can_fork = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    if jobs < 2 or not can_fork or sum(map(len, files.values())) < POOL_FROM_BYTES:
        return list(
            _counted((_analyze_file(p, files[p], rules) for p in paths), len(paths), progress)
        )
    by_size = sorted(paths, key=lambda p: -len(files[p]))
    _inherited = (files, rules)
    try:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
            chunk = max(1, min(32, len(paths) // (jobs * 4)))
            done = list(
                _counted(pool.map(_in_worker, by_size, chunksize=chunk), len(paths), progress)
            )
    finally:
        _inherited = ({}, ())
    in_order = dict(zip(by_size, done, strict=True))
    return [in_order[p] for p in paths]


def _in_worker(path: str) -> _FileResult:
    files, rules = _inherited
    return _analyze_file(path, files[path], rules)


def _counted(
    results: Iterable[_FileResult], total: int, progress: Progress | None
) -> Iterable[_FileResult]:
    for number, result in enumerate(results, 1):
        if progress is not None:
            progress(number, total)
        yield result


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
