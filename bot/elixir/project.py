"""The whole project as facts: applications, modules, supervision trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bot.core.finding import SupervisionTree
from bot.elixir.call_graph import CallGraph
from bot.elixir.facts import ModuleFacts
from bot.elixir.mixfile import App, app_owning
from bot.elixir.outline import Module, modules_of
from bot.elixir.source import Source
from bot.elixir.supervision import trees_of
from bot.elixir.usings import Usings, expand


@dataclass(frozen=True)
class Project:
    """Facts of all modules plus access to the sources they came from."""

    files: Mapping[str, bytes]
    apps: tuple[App, ...]
    facts: tuple[ModuleFacts, ...]
    usings: Usings = field(default_factory=dict, repr=False)
    """What `use` of the project's own modules brings; the facts know of it already."""
    _sources: dict[str, Source] = field(default_factory=dict, repr=False)
    _modules: dict[str, list[Module]] = field(default_factory=dict, repr=False)

    @cached_property
    def modules(self) -> dict[str, ModuleFacts]:
        """Facts by module name; the first definition in `lib` wins over any other."""
        found: dict[str, ModuleFacts] = {}
        for facts in sorted(self.facts, key=lambda f: f.role != "lib"):
            found.setdefault(facts.name, facts)
        return found

    @cached_property
    def trees(self) -> tuple[SupervisionTree, ...]:
        """One supervision tree per application."""
        return trees_of(self.apps, self.modules, self.files)

    @cached_property
    def child_modules(self) -> frozenset[str]:
        """Modules in some child list, or where a child specification could be, outside tests."""
        listed = {
            c.module
            for f in self.facts
            if f.role != "test"
            for cl in f.child_lists
            for c in cl.children
        }
        mentioned = {m for f in self.facts if f.role != "test" for m in f.mentions if m != f.name}
        return frozenset(listed | mentioned)

    @cached_property
    def calls(self) -> CallGraph:
        """Which servers the functions of the project ask."""
        return CallGraph(self)

    def source(self, path: str) -> Source:
        """A parsed file; raises `KeyError` for an unknown path."""
        if path not in self._sources:
            self._sources[path] = Source(path, self.files[path])
        return self._sources[path]

    def module(self, name: str) -> Module:
        """A module's syntax; raises `KeyError` for an unknown name."""
        path = self.modules[name].path
        return next(m for m in self.modules_in(path) if m.name == name)

    def modules_in(self, path: str) -> list[Module]:
        """All modules of a file; raises `KeyError` for an unknown path."""
        if path not in self._modules:
            self._modules[path] = modules_of(self.source(path))
            expand(self._modules[path], self.usings)
        return self._modules[path]

    def opened(self, path: str) -> tuple[Source, list[Module]]:
        """A file with its modules; raises `KeyError` for an unknown path."""
        return self.source(path), self.modules_in(path)

    def module_at(self, path: str, byte: int) -> Module | None:
        """The innermost module around a byte offset."""
        around = [m for m in self.modules_in(path) if m.node.start_byte <= byte < m.node.end_byte]
        return around[-1] if around else None

    def app_of(self, path: str) -> App | None:
        """The application a file belongs to."""
        return app_owning(self.apps, path)
