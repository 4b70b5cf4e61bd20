"""A project as its rules saw it, and what still stands of what they found in it.

A rule's findings depend on the facts of all modules but for where they stand, on the files it
opens, and on the answers by which it chose them. All three are kept with what it found, for each
file apart where a rule goes file by file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import Any

from bot.core.finding import Exempted, Finding, Note
from bot.elixir.facts import TELLING, ModuleFacts
from bot.elixir.project import Project
from bot.elixir.questions import Asked
from bot.elixir.syntax_answers import BY_SYNTAX, answered
from bot.elixir.watched import Question, answer

_PLACES = frozenset({"start", "end", "line", "list_start", "list_end"})
"""Fields of facts that say only where something stands: who wants to know, opens the file."""


@dataclass(frozen=True)
class Kept:
    """What one rule found, or one look of a rule, and what it looked at for it."""

    findings: tuple[Finding, ...] = ()
    exempted: tuple[Exempted, ...] = ()
    opened: tuple[str, ...] = ()
    asked: tuple[int, ...] = ()
    """Numbers of questions."""
    paths: tuple[str, ...] = ()
    """The files that a rule begins in."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class State:
    """A project as the rules saw it."""

    digests: dict[str, str] = field(default_factory=dict)
    """Of the content of each file."""
    shapes: dict[str, str] = field(default_factory=dict)
    """Of the facts of each file, without their places."""
    looks: dict[str, Kept] = field(default_factory=dict)
    """By rule, by rule and file, or by rule and `?` for the files it begins in."""
    questions: tuple[Asked, ...] = ()
    """All that were asked, by whomever."""


@dataclass(frozen=True)
class Since:
    """What has changed since a state was written down."""

    project: Project
    digests: Mapping[str, str]
    before: State
    order: Mapping[str, int]
    """The places of all paths."""

    def standing(self, shapes: Mapping[str, str]) -> dict[str, Kept]:
        """The looks that would find the same again."""
        if shapes != self.before.shapes:
            return {}
        changed = {p for p, digest in self.digests.items() if self.before.digests.get(p) != digest}
        fallen = self._answered_otherwise(changed)
        return {
            look: kept
            for look, kept in self.before.looks.items()
            if changed.isdisjoint(kept.opened) and fallen.isdisjoint(kept.asked)
            if all(0 <= number < len(self.before.questions) for number in kept.asked)
        }

    def _answered_otherwise(self, changed: Iterable[str]) -> set[int]:
        """The questions to which one of the changed files has another answer now."""
        files = [(p, _Answers(self.project, p)) for p in changed]
        fallen = set()
        for number, question in enumerate(self.before.questions):
            try:
                int(question.zeros, 16)
                stands = all(
                    question.stands(path, self.order[path], answers) for path, answers in files
                )
            except (ValueError, re.error):
                stands = False  # nobody of ours kept such a question
            if not stands:
                fallen.add(number)
        return fallen

    def shapes(self) -> dict[str, str]:
        """Those of all files as they are now; what did not change keeps its own."""
        of_file: dict[str, list[ModuleFacts]] = {}
        for facts in self.project.facts:
            of_file.setdefault(facts.path, []).append(facts)
        return {
            path: self.before.shapes[path] if self._same(path) else shape(facts)
            for path, facts in of_file.items()
        }

    def _same(self, path: str) -> bool:
        known = path in self.before.shapes
        return known and self.before.digests.get(path) == self.digests[path]


@dataclass(frozen=True)
class _Answers:
    """What a file answers now."""

    project: Project
    path: str

    def __call__(self, question: Question) -> int:
        if question[0] in BY_SYNTAX:
            return answered(question, self.project.glimpse(self.path))
        return answer(question, self.project.files[self.path], self._defined)

    @cached_property
    def _defined(self) -> frozenset[str]:
        return self.project.defined_in(self.path)


def shape(facts: Iterable[ModuleFacts]) -> str:
    """What rules see of a file's facts without opening it, in 32 hexadecimal digits."""
    said = json.dumps([_placeless(f) for f in facts], separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]


def _placeless(value: Any) -> Any:
    if isinstance(value, ModuleFacts):
        telling = [key for key in value.functions if key[0] in TELLING]
        kept = (f.name for f in fields(value) if f.name not in _PLACES and f.name != "functions")
        return [telling, *(_placeless(getattr(value, name)) for name in kept)]
    if is_dataclass(value):
        kept = (f.name for f in fields(value) if f.name not in _PLACES)
        return [_placeless(getattr(value, name)) for name in kept]
    if isinstance(value, Mapping):
        return [[key, _placeless(value[key])] for key in sorted(value)]
    if isinstance(value, frozenset):
        return sorted(value)
    return [_placeless(v) for v in value] if isinstance(value, list | tuple) else value
