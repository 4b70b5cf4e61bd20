"""What counts of all that rules can find: which rules, how severe, in which files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.finding import Exempted, Finding, Note, Severity, Suppressed
from bot.elixir.ignoring import without_ignored
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule


class Pattern(Protocol):
    """What tells files by their path."""

    def matches(self, path: str) -> bool:
        """Whether the path of a file fits."""
        ...


@dataclass(frozen=True)
class RuleChoice:
    """What a team says of one rule."""

    off: bool = False
    severity: Severity | None = None
    excluded: tuple[Pattern, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)


_ANY = RuleChoice()


@dataclass(frozen=True)
class Selection:
    """What a team says of all rules; as it is here, everything counts as the rules say."""

    rules: Mapping[str, RuleChoice] = field(default_factory=dict)
    excluded: tuple[Pattern, ...] = ()
    folder: str = ""
    """Of the analysed files, below where patterns count from; with a slash at its end, or empty."""

    def of(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Those of the rules that run, with the limits the team gives them."""
        return tuple(
            rule.limited(choice.limits)
            for rule in rules
            if not (choice := self.rules.get(rule.id, _ANY)).off
        )

    def leaves_out(self, path: str, rule: str = "") -> bool:
        """Whether nothing is told of a file, or nothing that one rule says of it."""
        patterns = (*self.excluded, *self.rules.get(rule, _ANY).excluded)
        return any(pattern.matches(self.folder + path) for pattern in patterns)

    def severity(self, finding: Finding) -> Finding:
        """The finding as severe as the team takes it."""
        wanted = self.rules.get(finding.rule, _ANY).severity
        return finding.model_copy(update={"severity": wanted}) if wanted else finding


EVERYTHING = Selection()


@dataclass(frozen=True)
class Counted:
    """What is left of an analysis, and what comments in the code took away."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    exempted: tuple[Exempted, ...]
    notes: tuple[Note, ...]


def counted(
    selection: Selection,
    files: Mapping[str, bytes],
    findings: Iterable[Finding],
    exempted: Iterable[Exempted],
    notes: Iterable[Note],
    ran: Iterable[Rule],
) -> Counted:
    """What counts of what some rules found in some files.

    Comments are looked at first: one in a file that is left out is none without effect.
    """
    known = frozenset(rule.id for rule in all_rules())
    ignored = without_ignored(findings, files, known=known, ran=frozenset(r.id for r in ran))
    out = selection.leaves_out
    return Counted(
        tuple(selection.severity(f) for f in ignored.findings if not out(f.path, f.rule)),
        tuple(
            s.model_copy(update={"finding": selection.severity(s.finding)})
            for s in ignored.suppressed
            if not out(s.finding.path, s.finding.rule)
        ),
        tuple(e for e in exempted if not out(e.path, e.rule)),
        tuple(n for n in (*notes, *ignored.notes) if not out(n.path)),
    )
