"""The whole project as facts: applications, modules, supervision trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar, cast

from bot.core.finding import SupervisionTree
from bot.elixir.call_graph import CallGraph
from bot.elixir.facts import ModuleFacts
from bot.elixir.mixfile import App, app_owning
from bot.elixir.outline import Module, modules_of
from bot.elixir.source import Role, Source, role_of
from bot.elixir.supervision import trees_of
from bot.elixir.usings import Usings, expand
from bot.elixir.watched import Seen, Texts, Trace

T = TypeVar("T")

_SHARED = frozenset({"lib", "modules", "trees", "child_modules", "_by_role"})
"""What is worked out of facts and paths alone, so that all views can share it."""


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
    _told: Seen = field(default_factory=dict, repr=False, compare=False)
    """Which files hold which words, as far as it was asked."""
    trace: Trace = field(default_factory=Trace, repr=False, compare=False)
    """What was looked at through this view of the project."""
    _known: dict[object, tuple[object, Trace]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _graph: list[tuple[CallGraph, Trace]] = field(default_factory=list, repr=False, compare=False)

    def watched(self) -> Project:
        """The same project, with a trace of its own; files are opened once for all."""
        # All ask for these: worked out here they serve all views.
        _ = self.lib, self.modules, self._by_role
        view = replace(self, trace=Trace())
        view.__dict__.update({k: v for k, v in self.__dict__.items() if k in _SHARED})
        return view

    def once(self, key: object, look: Callable[[Project], T]) -> T:
        """What a look at the project finds, which is worked out once for all views; all of them
        have looked at the same then.
        """
        if key not in self._known:
            view = self.watched()
            self._known[key] = look(view), view.trace
        found, trace = self._known[key]
        self.trace.add(trace)
        return cast("T", found)

    def forget(self) -> None:
        """Drop the files that were opened, so that their syntax trees go; each can be again."""
        for module in (module for modules in self._modules.values() for module in modules):
            module.release()
        self._modules.clear()
        self._sources.clear()
        self._graph.clear()
        self._known.clear()

    @cached_property
    def lib(self) -> frozenset[str]:
        """The paths of files in `lib` that define modules."""
        return frozenset(f.path for f in self.facts if f.role == "lib")

    def of_role(self, role: Role) -> frozenset[str]:
        """The paths of all files of a role."""
        return self._by_role.get(role, frozenset())

    @cached_property
    def _by_role(self) -> dict[Role, frozenset[str]]:
        found: dict[Role, set[str]] = {}
        for path in self.files:
            found.setdefault(role_of(path), set()).add(path)
        return {role: frozenset(paths) for role, paths in found.items()}

    def lib_holding(self, *words: bytes) -> list[str]:
        """Those of them that hold one of the words, in order."""
        return self.texts.holding(*words, among=self.lib)

    @cached_property
    def modules(self) -> dict[str, ModuleFacts]:
        """Facts by module name; the first definition in `lib` wins over any other."""
        found: dict[str, ModuleFacts] = {}
        for facts in sorted(self.facts, key=lambda f: f.role != "lib"):
            found.setdefault(facts.name, facts)
        return found

    def defines(self, facts: ModuleFacts, name: str) -> bool:
        """Whether a module has a function of that name for others."""
        found = any(defined == name for defined, _ in facts.functions)
        self.trace.note(("defines", f"{facts.name}.{name}"), facts.path, int(found))
        return found

    def defined_in(self, path: str) -> frozenset[str]:
        """All functions that a file defines for others, as `Module.name`."""
        found = [f for f in self.facts if f.path == path]
        return frozenset(f"{f.name}.{name}" for f in found for name, _ in f.functions)

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

    @property
    def calls(self) -> CallGraph:
        """Which servers the functions of the project ask."""
        self.trace.calls = True
        if not self._graph:
            watched = self.watched()
            self._graph.append((CallGraph(watched), watched.trace))
        return self._graph[0][0]

    @property
    def calls_trace(self) -> Trace:
        """What the call graph has looked at so far."""
        return self._graph[0][1] if self._graph else Trace()

    @cached_property
    def texts(self) -> Texts:
        """All files, for those who want to know which to open; rules look at `files` never."""
        return Texts(self.files, self.trace, self._told)

    def source(self, path: str) -> Source:
        """A parsed file; raises `KeyError` for an unknown path."""
        self.trace.opened.add(path)
        return self._source(path)

    def _source(self, path: str) -> Source:
        if path not in self._sources:
            self._sources[path] = Source(path, self.files[path])
        return self._sources[path]

    def module(self, name: str) -> Module:
        """A module's syntax; raises `KeyError` for an unknown name."""
        path = self.modules[name].path
        return next(m for m in self.modules_in(path) if m.name == name)

    def modules_in(self, path: str) -> list[Module]:
        """All modules of a file; raises `KeyError` for an unknown path."""
        self.trace.opened.add(path)
        return self.glimpse(path)

    def glimpse(self, path: str) -> list[Module]:
        """The same for `bot.elixir.syntax_answers`, which writes down by itself what it takes from
        there.
        """
        if path not in self._modules:
            self._modules[path] = modules_of(self._source(path))
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
