"""Findings that are new: against a baseline file, or against an older revision of the same code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.codebase.repository import Repository
from bot.core.baseline import baseline_text, read_baseline
from bot.core.finding import Finding, Listed
from bot.elixir.rules.base import Rule
from bot.errors import ConfigError, Unusable
from bot.flows.surveys import selection_of_checkout, survey_commit
from bot.settings import Settings
from bot.strict_yaml import read_text

MOST_BYTES = 50_000_000
WRITE = "`genesis analyze --write-baseline FILE` writes one"
KEEP = "nothing was written; name another file, or remove this one first"


def load_baseline(file: Path) -> tuple[Listed, ...]:
    """What the file lists; raises `ConfigError` for one that is not there or no baseline."""
    text = read_text(file, most=MOST_BYTES)
    return read_baseline(text, str(file))


def new_baseline(file: Path, findings: Iterable[Finding]) -> str:
    """The text for a baseline file; raises `ConfigError` where something else would be lost."""
    if file.exists() or file.is_symlink():
        try:
            load_baseline(file)
        except ConfigError as error:
            raise ConfigError(
                error.bare, path=error.path, line=error.line, column=error.column, hint=KEEP
            ) from error
    return baseline_text(findings)


def known_since(
    path: Path, revision: str, settings: Settings, rules: tuple[Rule, ...] | None = None
) -> frozenset[str]:
    """Ids of what the code at a revision has, looked at as the code is now.

    Raises `Unusable` for a revision that is none.
    """
    repository = Repository.open(path, settings)
    commit = repository.resolve(revision)
    selection = selection_of_checkout(path, settings)
    try:
        found = survey_commit(repository, commit, selection=selection, rules=rules)
    except Unusable:
        return frozenset()  # the project is younger than that
    return frozenset(finding.id for finding in found.analysis.findings)
