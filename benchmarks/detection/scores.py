"""Counts of what was found, missed and wrongly found, and the scores of the rules' own samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.finding import Finding
from bot.elixir.analyze import survey
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.tree import MemoryTree


@dataclass(frozen=True)
class Score:
    """Of one rule on one yardstick."""

    found: int = 0
    missed: int = 0
    false: int = 0
    silent: int = 0
    """Places of the pattern that are none, and were left alone."""

    @property
    def seen(self) -> bool:
        """Whether the yardstick has anything to say of the rule."""
        return bool(self.found or self.missed or self.false or self.silent)

    @property
    def precision(self) -> float | None:
        """Right findings of all findings."""
        return self.found / (self.found + self.false) if self.found + self.false else None

    @property
    def recall(self) -> float | None:
        """Found of what is there."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None


def total(scores: Iterable[Score]) -> Score:
    """All of them together."""
    known = list(scores)
    return Score(
        sum(s.found for s in known),
        sum(s.missed for s in known),
        sum(s.false for s in known),
        sum(s.silent for s in known),
    )


def findings(files: Mapping[str, str], rules: tuple[Rule, ...] | None = None) -> list[Finding]:
    """What some rules (default: all) find in some files."""
    return list(survey(MemoryTree.of(files), jobs=1, rules=rules).analysis.findings)


def of_samples() -> dict[str, Score]:
    """Each rule on its own samples and exemptions."""
    return {rule.id: _of_rule(rule) for rule in all_rules()}


def _of_rule(rule: Rule) -> Score:
    found = [bool(findings(sample.tree(), (rule,))) for sample in rule.bad]
    quiet = [*rule.good, *(exemption.sample for exemption in rule.exemptions)]
    false = [len(findings(sample.tree(), (rule,))) for sample in quiet]
    return Score(sum(found), found.count(False), sum(false), false.count(0))
