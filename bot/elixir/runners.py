"""Which processes run a function: only one server's own, or whoever calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.at_the_top import called_at_the_top
from bot.elixir.callers import could_call
from bot.elixir.calls import Call
from bot.elixir.outline import Clause, Function
from bot.elixir.project import Project
from bot.elixir.syntax_answers import calls_in_file, entry_of

_HOOKS = ("__before_compile__", "__after_compile__", "__after_verify__", "__on_definition__")
"""Functions that the compiler calls."""
_MOST_FUNCTIONS = 150


@dataclass(frozen=True, eq=False)
class Run:
    """One way by which a function comes to run.

    The files it leads through count as opened only where somebody asks for what stands in them.
    """

    project: Project
    _begin: Function
    _calls: tuple[Call, ...]
    server: str = ""
    """The server whose callback it is; empty where whoever calls runs it."""
    startup: bool = False
    """A supervisor, the application controller or a command runs it, not a request."""
    spawned: bool = False
    """A process that it starts runs it."""

    @property
    def function(self) -> Function:
        """Where the way begins: a server's callback, or a function nobody in the project calls."""
        self.project.trace.opened.add(self._begin.module.source.path)
        return self._begin

    @property
    def path(self) -> tuple[Call, ...]:
        """The calls that lead from there to the function asked for."""
        self.project.trace.opened.update(call.owner.source.path for call in self._calls)
        return self._calls

    @property
    def key(self) -> tuple[str, int]:
        """Name and number of parameters of where the way begins."""
        return self._begin.name, self._begin.arity

    @property
    def request(self) -> bool:
        """Whether a framework runs it for each request, event or job, in a process of that one."""
        return entry_of(self._begin, self.project).request

    def begins_in(self, function: Function | None) -> bool:
        """Whether the way begins there."""
        return self._begin is function

    @property
    def head(self) -> Node:
        """The head of the clause with which the way begins."""
        return self.head_for(self.function.clauses[0])

    def head_for(self, asked: Clause) -> Node:
        """The same, where the function asked for is so for this one of its clauses."""
        return (self.clauses()[:1] or [asked])[0].head

    def clauses(self) -> list[Clause]:
        """The clauses that make the calls on the way."""
        return [
            clause
            for call in self.path
            for clause in call.owner.all_clauses()
            if nodes.contains(clause.node, call.node)
        ]

    def told(self) -> str:
        """Who runs it, in words."""
        name = f"{self._begin.module.name}.{self._begin.label}"
        if self.server:
            return f"`{self.server}` runs this in a callback"
        if self.spawned:
            return f"a process that `{name}` starts runs this"
        return f"any process that calls `{name}` runs this"


def runs(function: Function, project: Project) -> Iterator[Run]:
    """Each way by which the function comes to run, as far as calls in `lib` show it.

    A public function that nobody in the project calls is an interface: whoever uses it runs it.
    """
    seen = {(function, False)}
    queue: list[tuple[Function, tuple[Call, ...], bool]] = [(function, (), False)]
    while queue and len(seen) < _MOST_FUNCTIONS:
        current, path, spawned = queue.pop(0)
        begun = _begins(current, path, spawned, project)
        if begun is not None:
            yield begun
            continue
        called_by = _made_by(current, project)
        if current.public and not any(caller is not current for caller, _ in called_by):
            yield Run(project, current, path, spawned=spawned)
        for caller, call in called_by:
            elsewhere = spawned or bool(call.runs_in)
            if (caller, elsewhere) not in seen:
                seen.add((caller, elsewhere))
                queue.append((caller, (call, *path), elsewhere))


def at_run_time(function: Function, project: Project, besides: Function | None = None) -> list[Run]:
    """The ways that no start of the application is, one for each server; one that whoever calls
    runs ends the search and comes first. What begins in `besides` is left out.
    """
    found: dict[str, Run] = {}
    for way in runs(function, project):
        if not way.startup and not way.begins_in(besides):
            found.setdefault(way.server, way)
        if "" in found:
            break
    return sorted(found.values(), key=lambda way: way.server)


def _begins(
    function: Function, path: tuple[Call, ...], spawned: bool, project: Project
) -> Run | None:
    entry = entry_of(function, project)
    if entry.callback:
        server = "" if spawned else function.module.name
        return Run(project, function, path, server, entry.startup, spawned)
    if entry.startup:
        return Run(project, function, path, startup=True, spawned=spawned)
    return None


def reached_by_macros(function: Function, project: Project) -> bool:
    """Whether it runs while code is compiled: every way to it begins in a macro, or in a statement
    outside of all functions.
    """
    seen, queue = {function}, [function]
    while queue:
        current = queue.pop()
        kind = entry_of(current, project).kind
        if kind.startswith(("defmacro", "defguard")) or current.name in _HOOKS:
            continue
        calls = [pair for pair in _calls_of(current, project) if pair[0] is not current]
        # What a quote holds runs where the macro is used, at whatever time that is.
        if any(call.in_quote for _, call in calls):
            return False
        if not calls and not called_at_the_top(current, project):
            return False
        others = {caller: None for caller, _ in calls}
        queue += [caller for caller in others if caller not in seen]
        seen.update(others)
        if len(seen) > _MOST_FUNCTIONS:
            return False
    return True


def called_in_quotes(function: Function, project: Project) -> bool:
    """Whether code that a macro gives back calls it: in whose process, the macro's users say."""
    return any(call.in_quote for _, call in _calls_of(function, project))


def callers(function: Function, project: Project) -> Iterator[tuple[Function, Call]]:
    """The calls of a function in `lib`, each with the function it stands in."""
    for caller, call in _made_by(function, project):
        project.trace.opened.add(caller.module.source.path)
        yield caller, call


def _made_by(function: Function, project: Project) -> list[tuple[Function, Call]]:
    return [pair for pair in _calls_of(function, project) if not pair[1].in_quote]


def _calls_of(function: Function, project: Project) -> list[tuple[Function, Call]]:
    return project.once((_calls_of, function), lambda view: list(_looked_for(function, view)))


def _looked_for(function: Function, project: Project) -> Iterator[tuple[Function, Call]]:
    """Those in the module itself, and where the function is public those in modules that could
    call it.
    """
    own = function.module
    inside = calls_in_file(function, own.source.path, project)
    yield from (pair for pair in inside if pair[0].module is own)
    if not function.public:
        return
    for path in could_call(own.name, function.name, project, project.lib):
        others = calls_in_file(function, path, project)
        yield from (pair for pair in others if pair[0].module is not own)
