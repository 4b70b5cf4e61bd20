"""A project as its rules saw it, and whether what a rule found in it still stands.

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
from bot.elixir.facts import TELLING, ModuleFacts
from bot.elixir.project import Project
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
        bits = bytearray(len(order) // 8 + 1)
        told = {path: answer for path, answer in answers.items() if answer}
        for path in answers.keys() - told.keys():
            place = order[path]
            bits[place >> 3] |= 1 << (place & 7)
        return cls(*question, told, f"{int.from_bytes(bits, 'little'):x}")

    def stands(self, path: str, place: int, data: bytes, defined: frozenset[str]) -> bool:
        """Whether a changed file answers as it did, if it was asked at all."""
        if path not in self.answers and not int(self.zeros, 16) >> place & 1:
            return True
        return answer((self.how, self.what), data, defined) == self.answers.get(path, 0)


@dataclass(frozen=True)
class Kept:
    """What one rule found, and what it looked at for it."""

    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]
    opened: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()

    def looking_at(self, trace: Trace, order: Mapping[str, int]) -> Kept:
        """The same with all that was looked at."""
        asked = tuple(Asked.of(question, told, order) for question, told in trace.asked.items())
        return Kept(self.findings, self.exempted, tuple(sorted(trace.opened)), asked)


@dataclass(frozen=True)
class State:
    """A project as the rules saw it."""

    digests: dict[str, str] = field(default_factory=dict)
    """Of the content of each file."""
    shapes: dict[str, str] = field(default_factory=dict)
    """Of the facts of each file, without their places."""
    rules: dict[str, Kept] = field(default_factory=dict)


@dataclass(frozen=True)
class Since:
    """What has changed since a state was written down."""

    project: Project
    digests: Mapping[str, str]
    before: State
    order: Mapping[str, int]
    """The places of all paths."""

    def standing(self, shapes: Mapping[str, str]) -> dict[str, Kept]:
        """What the rules found that would find the same again."""
        if shapes != self.before.shapes:
            return {}
        changed = {p for p, digest in self.digests.items() if self.before.digests.get(p) != digest}
        files = [(p, self.project.files[p], self.project.defined_in(p)) for p in sorted(changed)]
        return {
            rule: kept
            for rule, kept in self.before.rules.items()
            if changed.isdisjoint(kept.opened) and self._answered(kept, files)
        }

    def _answered(self, kept: Kept, files: list[tuple[str, bytes, frozenset[str]]]) -> bool:
        """Whether the rule would choose the same files to open."""
        try:
            return all(
                question.stands(path, self.order[path], data, defined)
                for path, data, defined in files
                for question in kept.asked
            )
        except (ValueError, re.error):
            return False  # nobody of ours kept such a question

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
