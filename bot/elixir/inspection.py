"""All that is found in some files; what is known of them from before is not looked for again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from pydantic import TypeAdapter

from bot.core.finding import Exempted, Finding, Note, SupervisionTree
from bot.elixir.desk import Desk, Desks
from bot.elixir.file_result import FileResult, Opened
from bot.elixir.mixfile import App, apps_of
from bot.elixir.project import Project
from bot.elixir.project_rules import asked
from bot.elixir.project_state import State
from bot.elixir.result_cache import NO_CACHE, ResultCache
from bot.elixir.rule_set import analyser_version, rule_set
from bot.elixir.rules.base import Rule
from bot.elixir.usings import DEFINES, Usings, usings_of
from bot.elixir.workers import Progress


@dataclass(frozen=True)
class Found:
    """What the rules say of a whole project."""

    lines: int
    modules: int
    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]
    notes: tuple[Note, ...]
    trees: tuple[SupervisionTree, ...]


_FILE, _WHOLE, _STATE = TypeAdapter(FileResult), TypeAdapter(Found), TypeAdapter(State)
_APPS = TypeAdapter(tuple[App, ...])
_USINGS: TypeAdapter[Usings] = TypeAdapter(Usings)


@dataclass(frozen=True)
class Inspection:
    """Rules over files, on `jobs` processes (default: one per core)."""

    files: Mapping[str, bytes]
    rules: tuple[Rule, ...]
    usings: Usings | None = None
    """Those of the whole project, where the files are a part of one."""
    jobs: int | None = None
    progress: Progress | None = None
    cache: ResultCache = NO_CACHE

    @cached_property
    def found(self) -> Found:
        """What all the rules find."""
        if self._stored_whole is not None:
            return self._stored_whole
        with closing(self._desks):
            found = self._look()
        if self.cache.holds:
            self.cache.put({self._key_of_whole: found}, _WHOLE)
        return found

    @property
    def known(self) -> int:
        """Of how many files everything was known before."""
        return len(self.files if self._stored_whole is not None else self._stored)

    @cached_property
    def project(self) -> Project:
        """The project as facts."""
        facts = tuple(f for result in self._results for f in result.facts)
        return self._desks.desk.begin(apps_of(self.files), facts)

    def _look(self) -> Found:
        findings = [f for result in self._results for f in result.findings]
        exempted = [e for result in self._results for e in result.exempted]
        notes = [n for result in self._results for n in result.notes]
        for kept in self._of_project_rules().looks.values():
            findings += kept.findings
            exempted += kept.exempted
            notes += kept.notes
        self.project.forget()
        homed = _distinct(_with_fix_where_it_can_be(findings, self.rules, self.project))
        return Found(
            lines=sum(result.lines for result in self._results),
            modules=len(self.project.facts),
            findings=tuple(sorted(homed, key=lambda f: (f.path, f.start_byte, f.rule))),
            exempted=tuple(sorted(exempted, key=lambda e: (e.path, e.line, e.rule))),
            notes=tuple(notes),
            trees=self.project.trees,
        )

    def _of_project_rules(self) -> State:
        rules = [rule for rule in self.rules if rule.check_project is not None]
        if not self.cache.holds:
            return asked(rules, self.project, {}, State(), self._desks.looks)
        apps = _APPS.dump_json(self.project.apps)
        shared = (rule_set(rules), apps, _USINGS.dump_json(self._usings))
        key = _joined(b"state", *shared, *(path.encode() for path in self.files))
        before = self.cache.get([key], _STATE).get(key, State())
        digests = {path: digest.hex() for path, digest in self._digests.items()}
        after = asked(rules, self.project, digests, before, self._desks.looks)
        self.cache.put({key: after}, _STATE)
        return after

    @cached_property
    def _results(self) -> list[FileResult]:
        made = self._desks.analyze([path for path in self.files if path not in self._stored])
        if self.cache.holds:
            self.cache.put({self._keys[p]: result for p, result in made.items()}, _FILE)
        return [self._stored.get(path) or made[path] for path in self.files]

    @cached_property
    def _desks(self) -> Desks:
        desk = Desk(self.files, self.rules, self._usings, self._parsed)
        return Desks(desk, self.jobs, self.progress)

    @cached_property
    def _parsed(self) -> dict[str, Opened]:
        """Files that were opened to see what `use` brings."""
        return {}

    @cached_property
    def _stored(self) -> dict[str, FileResult]:
        if not self.cache.holds:
            return {}
        found = self.cache.get(self._keys.values(), _FILE)
        return {path: found[key] for path, key in self._keys.items() if key in found}

    @cached_property
    def _usings(self) -> Usings:
        if self.usings is not None or not self.cache.holds:
            return usings_of(self.files, self._parsed) if self.usings is None else self.usings
        key = _joined(b"usings", analyser_version(), *self._digests_of_using.values())
        stored = self.cache.get([key], _USINGS)
        if not stored:
            stored = {key: usings_of(self.files, self._parsed)}
            self.cache.put(stored, _USINGS)
        return stored[key]

    @cached_property
    def _stored_whole(self) -> Found | None:
        if not self.cache.holds:
            return None
        return self.cache.get([self._key_of_whole], _WHOLE).get(self._key_of_whole)

    @cached_property
    def _digests(self) -> dict[str, bytes]:
        return {path: _joined(path.encode(), data) for path, data in self.files.items()}

    @property
    def _digests_of_using(self) -> dict[str, bytes]:
        return {p: d for p, d in self._digests.items() if DEFINES.search(self.files[p])}

    @cached_property
    def _key_of_whole(self) -> bytes:
        given = _USINGS.dump_json(self.usings) if self.usings is not None else b""
        return _joined(b"whole", rule_set(self.rules), given, *self._digests.values())

    @cached_property
    def _keys(self) -> dict[str, bytes]:
        """What the result of each file depends on."""
        local = [rule for rule in self.rules if rule.check is not None]
        shared = _joined(b"file", rule_set(local), _USINGS.dump_json(self._usings))
        return {path: _joined(shared, digest) for path, digest in self._digests.items()}


def _joined(*parts: bytes) -> bytes:
    """A digest of the parts that no other parts have."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.digest()


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


def _distinct(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Give the second and later findings of one identity a number of their own."""
    seen: dict[str, int] = {}
    for finding in sorted(findings, key=lambda f: (f.path, f.start_byte)):
        count = seen[finding.id] = seen.get(finding.id, 0) + 1
        yield finding if count == 1 else finding.model_copy(update={"id": f"{finding.id}-{count}"})
