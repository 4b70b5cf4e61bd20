"""What project rules find; one whose files all answer as they did is not asked again.

A rule's findings depend on the facts of all modules but for where they stand, on the files it
opens, and on the answers by which it chose them. All three are kept with what it found.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from bot.core.finding import Exempted, Finding
from bot.elixir.facts import ModuleFacts
from bot.elixir.project import Project
from bot.elixir.report import sort_out
from bot.elixir.rules.base import Rule
from bot.elixir.watched import Question, Trace, answer

_PLACES = frozenset({"start", "end", "line", "list_start", "list_end"})
"""Fields of facts that say only where something stands: who wants to know, opens the file."""


@dataclass(frozen=True)
class Asked:
    """One question, and who answered it how."""

    how: str
    what: str
    answers: dict[str, int]
    """Those that are not zero, by path."""
    zeros: str
    """Which files answered with zero: a bit for each, in order of the paths, in hexadecimal."""

    @classmethod
    def of(cls, question: Question, answers: Mapping[str, int], order: Mapping[str, int]) -> Asked:
        """From the answers by path and the places of the paths."""
        zeros = 0
        for path, told in answers.items():
            zeros |= 0 if told else 1 << order[path]
        return cls(*question, {path: told for path, told in answers.items() if told}, f"{zeros:x}")

    def stands(self, path: str, place: int, data: bytes) -> bool:
        """Whether a changed file answers as it did, if it was asked at all."""
        if path not in self.answers and not int(self.zeros, 16) >> place & 1:
            return True
        return answer((self.how, self.what), data) == self.answers.get(path, 0)


@dataclass(frozen=True)
class Kept:
    """What one rule found, and what it looked at for it."""

    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]
    opened: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class State:
    """A project as the rules saw it."""

    digests: dict[str, str] = field(default_factory=dict)
    """Of the content of each file."""
    shapes: dict[str, str] = field(default_factory=dict)
    """Of the facts of each file, without their places."""
    rules: dict[str, Kept] = field(default_factory=dict)


def asked(
    rules: Iterable[Rule], project: Project, digests: Mapping[str, str], before: State
) -> State:
    """The findings of all project rules; those of `before` stand where nothing speaks against."""
    order = {path: place for place, path in enumerate(sorted(project.files))}
    changed = {path for path, digest in digests.items() if before.digests.get(path) != digest}
    shapes = _shapes(project, changed, before) if digests else {}
    still = before.rules if shapes == before.shapes else {}
    found: dict[str, tuple[Trace, Kept]] = {}
    kept: dict[str, Kept] = {}
    for rule in rules:
        old = still.get(rule.id)
        if old is not None and _stands(old, changed, project, order):
            kept[rule.id] = old
        elif rule.check_project is not None:
            found[rule.id] = _asked(rule, project)
    # The graph grows from rule to rule: only now is it known what it looked at.
    for rule_id, (trace, result) in found.items():
        whole = trace.joined(project.calls_trace) if trace.calls else trace
        kept[rule_id] = Kept(
            result.findings,
            result.exempted,
            tuple(sorted(whole.opened)),
            tuple(Asked.of(question, told, order) for question, told in whole.asked.items()),
        )
    return State(dict(digests), shapes, kept)


def _asked(rule: Rule, project: Project) -> tuple[Trace, Kept]:
    watched = project.watched()
    findings: list[Finding] = []
    exempted: list[Exempted] = []
    if rule.check_project is not None:
        sort_out(rule, rule.check_project(watched), watched.opened, findings, exempted)
    return watched.trace, Kept(tuple(findings), tuple(exempted))


def _stands(kept: Kept, changed: set[str], project: Project, order: Mapping[str, int]) -> bool:
    """Whether the rule would open the same files, and find the same in them."""
    if not changed.isdisjoint(kept.opened):
        return False
    try:
        return all(
            question.stands(path, order[path], project.files[path])
            for path in changed
            for question in kept.asked
        )
    except (ValueError, re.error):
        return False  # nobody of ours kept such a question


def _shapes(project: Project, changed: set[str], before: State) -> dict[str, str]:
    of_file: dict[str, list[ModuleFacts]] = {}
    for facts in project.facts:
        of_file.setdefault(facts.path, []).append(facts)
    return {
        path: _shape(facts) if path in changed or path not in before.shapes else before.shapes[path]
        for path, facts in of_file.items()
    }


def _shape(facts: list[ModuleFacts]) -> str:
    said = json.dumps(_placeless(facts), separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]


def _placeless(value: Any) -> Any:
    if is_dataclass(value):
        kept = (f.name for f in fields(value) if f.name not in _PLACES)
        return [_placeless(getattr(value, name)) for name in kept]
    if isinstance(value, Mapping):
        return [[key, _placeless(value[key])] for key in sorted(value)]
    if isinstance(value, frozenset):
        return sorted(value)
    return [_placeless(v) for v in value] if isinstance(value, list | tuple) else value
