"""Proving a server codemod on a real project: red before, green after, red on every mutant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bot.core.finding import Finding
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Proposal
from tests.elixir.fixes.support import (
    MakeProject,
    apply_changes,
    changes_of,
    copy_project,
    findings_of,
    mix,
    project_of,
    proposal,
    run_tests,
    surveyed,
    test_of,
    write,
)


def only_finding(files: Mapping[str, str], rule: str) -> Finding:
    """The one finding of a rule in these files."""
    (finding,) = findings_of(files, rule)
    return finding


def propose(codemod: Codemod, files: Mapping[str, str]) -> Proposal | Declined:
    """The codemod's answer to the first finding of its rules."""
    analysis, project = surveyed(files)
    finding = next(f for f in analysis.findings if f.rule in codemod.rules)
    return codemod.propose(project, finding)


def rewritten(codemod: Codemod, files: Mapping[str, str], path: str = "lib/a.ex") -> str:
    """The file after the codemod; a second run must decline."""
    analysis, project = surveyed(files)
    finding = next(f for f in analysis.findings if f.rule in codemod.rules)
    params = proposal(codemod, project, finding).params
    changes = changes_of(codemod, project, params)
    after = {**files, **{c.path: c.after for c in changes}}
    assert isinstance(codemod.apply(project_of(after), params), Declined)
    return after[path]


def declined(codemod: Codemod, files: Mapping[str, str]) -> str:
    """Why the codemod declines."""
    found = propose(codemod, files)
    assert isinstance(found, Declined), found
    return found.reason


def prove(
    make: MakeProject, codemod: Codemod, files: Mapping[str, str], tmp_path: Path
) -> GeneratedTest:
    """Red on the base for the stated reason, green three times after, red on each mutant."""
    root = make(files)
    analysis, project = surveyed(root)
    finding = next(f for f in analysis.findings if f.rule in codemod.rules)
    params = proposal(codemod, project, finding).params
    test = test_of(codemod, project, params)
    write(root, test.path, test.code)
    _red(root, test)
    fixed = copy_project(root, tmp_path / "fixed")
    apply_changes(fixed, changes_of(codemod, project, params))
    assert mix(fixed, "format", "--check-formatted")[1] == ""
    assert mix(fixed, "compile", "--force", "--warnings-as-errors")[0] == 0
    for seed in range(3):
        run = run_tests(fixed, test.path, seed=seed)
        assert (run.failed, run.passed > 0) == (0, True), run.output
    assert codemod.mutants
    for name, mutant in codemod.mutants.items():
        copy = copy_project(root, tmp_path / name)
        apply_changes(copy, mutant(project, params))
        run = run_tests(copy, test.path)
        assert run.failed > 0, f"{name}: {run.output}"
    return test


def _red(root: Path, test: GeneratedTest) -> None:
    run = run_tests(root, test.path)
    assert run.failed > 0, run.output
    assert re.search(test.red, run.output), run.output
