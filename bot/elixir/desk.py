"""Rules over files, at one desk or at several: what the local ones opened stays open for those of
the project.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from bot.elixir import grammar
from bot.elixir.call_nodes import CALLS
from bot.elixir.crew import Crew, Order
from bot.elixir.facts import ModuleFacts
from bot.elixir.file_result import FileResult, Opened, analyze_file, opened
from bot.elixir.mixfile import App
from bot.elixir.project import Project
from bot.elixir.project_rules import Look, Looked, Looks, groups, together
from bot.elixir.rules.base import Rule
from bot.elixir.time_limit import ticking
from bot.elixir.usings import Usings
from bot.elixir.workers import (
    Progress,
    counted,
    processes_for,
    shares,
    without_cycle_collection,
)

MOST_KEPT = 4_000_000
"""Bytes of source whose syntax trees, of about thirty times the size, are kept all at once."""


@dataclass
class Desk:
    """Where files are opened and looked at."""

    files: Mapping[str, bytes]
    rules: tuple[Rule, ...]
    usings: Usings
    parsed: dict[str, Opened] = field(default_factory=dict)
    """What was opened before, to see what its `use` brings."""
    opened: dict[str, Opened] = field(default_factory=dict)
    """What stays open after the local rules, where there are not too many files."""
    project: Project | None = None

    def analyze(self, paths: Iterable[str]) -> list[tuple[str, FileResult]]:
        """What the local rules find in the files."""
        with ticking():
            return [(path, self._result_of(path)) for path in paths]

    def begin(self, apps: tuple[App, ...], facts: tuple[ModuleFacts, ...]) -> Project:
        """Take the files for a project."""
        sources = {path: source for path, (source, _) in self.opened.items()}
        modules = {path: modules for path, (_, modules) in self.opened.items()}
        self.opened = {}
        self.project = Project(self.files, apps, facts, self.usings, sources, modules)
        return self.project

    def take(self, *known: Any) -> None:
        """`begin` where somebody else needs the project, who is told nothing."""
        self.begin(*known)

    def look(self, names: Iterable[tuple[str, str]], noted: bool) -> Looked:
        """What some looks find, given by rule and path; `begin` comes first."""
        assert self.project is not None
        looks = [Look(self._by_id[rule], path) for rule, path in names]
        return together(looks, self.project, noted)

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    def _result_of(self, path: str) -> FileResult:
        file = self.parsed.pop(path, None) or opened(path, self.files[path])
        result = analyze_file(file, self.rules, self.usings)
        if self.keeps:
            self.opened[path] = file
        for module in () if self.keeps else file[1]:
            module.release()
        return result

    @cached_property
    def keeps(self) -> bool:
        """Whether files stay open after the local rules."""
        return sum(map(len, self.files.values())) <= MOST_KEPT


@dataclass
class Desks:
    """One desk here, or as many as there are `jobs` (default: cores), each in a process of its
    own, where there is enough source. To be closed.
    """

    desk: Desk
    jobs: int | None = None
    progress: Progress | None = None
    _crew: Crew | None = None
    _lies_at: dict[str, int] = field(default_factory=dict)
    """Which worker has which file."""

    def analyze(self, paths: Sequence[str]) -> dict[str, FileResult]:
        """What the local rules find in each of the files."""
        files = {path: self.desk.files[path] for path in paths}
        processes = self._processes(files)
        with without_cycle_collection():
            if processes < 2:
                each = (pair for path in paths for pair in self.desk.analyze([path]))
                return dict(counted(each, len(paths), self.progress))
            # Each worker would do it; other queries are made where they prove worth it.
            grammar.prepare(*CALLS)
            self._crew = Crew(self.desk, processes)
            in_shares = shares(files, processes)
            orders = [
                Order("analyze", (share,), number * processes // len(in_shares))
                for number, share in enumerate(in_shares)
            ]
            found = dict(counted(self._analyzed(self._crew, orders), len(paths), self.progress))
            return {path: found[path] for path in paths}

    def looks(self, looks: Looks, project: Project, noted: bool) -> Iterator[Looked]:
        """What project rules find."""
        with without_cycle_collection():
            if self._crew is None:
                looks = list(looks)
                alone = sum(map(len, looks)) < 2
                if alone or self._processes(self.desk.files) < 2:
                    yield together(chain.from_iterable(looks), project, noted)
                    return
                self._crew = Crew(self.desk, self._processes(self.desk.files))
            else:
                self._crew.all_do("take", project.apps, project.facts)
            orders = (
                Order("look", ([(look.rule.id, look.path) for look in group], noted), worker)
                for group, worker in groups(looks, self._lies_at, self._home(project))
            )
            yield from (done.result for done in self._crew.do(orders))

    def close(self) -> None:
        """End the other processes."""
        if self._crew is not None:
            self._crew.close()
            self._crew = None

    def _processes(self, files: Mapping[str, bytes]) -> int:
        return processes_for(self.jobs, sum(map(len, files.values())))

    def _home(self, project: Project) -> int | None:
        """The worker that has most of the code that is no test's: rules ask mostly for that."""
        having = Counter(self._lies_at[path] for path in project.lib if path in self._lies_at)
        return max(having, key=lambda worker: (having[worker], -worker), default=None)

    def _analyzed(self, crew: Crew, orders: Sequence[Order]) -> Iterator[tuple[str, FileResult]]:
        for done in crew.do(orders):
            for path, result in done.result:
                self._lies_at[path] = done.worker
                yield path, result
