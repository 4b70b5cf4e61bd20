"""Which processes run a function: only one server's own, or whoever calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.at_the_top import called_at_the_top
from bot.elixir.bare_pipes import bare_pipes_into
from bot.elixir.callers import could_call
from bot.elixir.calls import Call
from bot.elixir.context import is_command_line, is_test_support
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_callback

_AT_START = frozenset(
    {("start_link", 0), ("start_link", 1), ("start_link", 2), ("child_spec", 1), ("start", 2),
     ("stop", 1), ("config_change", 3)}
)  # fmt: skip
"""Functions that a supervisor or the application controller runs, once per start."""
_HOOKS = ("__before_compile__", "__after_compile__", "__after_verify__", "__on_definition__")
"""Functions that the compiler calls."""
_MOST_FUNCTIONS = 150


@dataclass(frozen=True, eq=False)
class Run:
    """One way by which a function comes to run."""

    function: Function
    """Where the way begins: a server's callback, or a function nobody in the project calls."""
    server: str = ""
    """The server whose callback it is; empty where whoever calls runs it."""
    startup: bool = False
    """A supervisor, the application controller or a command runs it, not a request."""
    spawned: bool = False
    """A process that it starts runs it."""
    path: tuple[Call, ...] = ()
    """The calls that lead from there to the function asked for."""

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
        name = f"{self.function.module.name}.{self.function.label}"
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
        begun = _begins(current, path, spawned)
        if begun is not None:
            yield begun
            continue
        called_by = list(callers(current, project))
        if current.public and not any(caller is not current for caller, _ in called_by):
            yield Run(current, spawned=spawned, path=path)
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
        if not way.startup and way.function is not besides:
            found.setdefault(way.server, way)
        if "" in found:
            break
    return sorted(found.values(), key=lambda way: way.server)


def _begins(function: Function, path: tuple[Call, ...], spawned: bool) -> Run | None:
    module = function.module
    key = (function.name, function.arity)
    if is_callback(function):
        server = "" if spawned else module.name
        return Run(function, server, _as_it_starts(function), spawned, path)
    at_start = key in _AT_START or (key == ("init", 1) and function.public)
    command = any(is_command_line(clause) for clause in function.clauses)
    if at_start or command or is_test_support(module):
        return Run(function, startup=True, spawned=spawned, path=path)
    return None


def _as_it_starts(callback: Function) -> bool:
    """Whether it runs once per start: `init/1`, and `handle_continue/2` where only that asks it."""
    if (callback.name, callback.arity) != ("handle_continue", 2):
        return callback.name == "init"
    others = (f for f in callback.module.functions.values() if f.name != "init")
    return not any(clause.mentions(b":continue") for f in others for clause in f.clauses)


def reached_by_macros(function: Function, project: Project) -> bool:
    """Whether it runs while code is compiled: every way to it begins in a macro, or in a statement
    outside of all functions.
    """
    seen, queue = {function}, [function]
    while queue:
        current = queue.pop()
        if current.kind.startswith(("defmacro", "defguard")) or current.name in _HOOKS:
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
    return (pair for pair in _calls_of(function, project) if not pair[1].in_quote)


def _calls_of(function: Function, project: Project) -> list[tuple[Function, Call]]:
    return project.once((_calls_of, function), lambda view: list(_looked_for(function, view)))


def _looked_for(function: Function, project: Project) -> Iterator[tuple[Function, Call]]:
    for module in _speaking_of(function, project):
        for clause in module.clauses_with(function.name.encode()):
            for call in (*clause.calls, *bare_pipes_into(function, clause)):
                if _is_call_of(call, function):
                    yield clause.function, call


def _is_call_of(call: Call, function: Function) -> bool:
    return (
        call.name == function.name
        and call.module == function.module.name
        and function.min_arity <= call.arity <= function.arity
    )


def _speaking_of(function: Function, project: Project) -> Iterator[Module]:
    """The module itself, and where the function is public those that could call it."""
    yield function.module
    if not function.public:
        return
    own = function.module
    for path in could_call(own.name, function.name, project, project.lib):
        yield from (m for m in project.modules_in(path) if m is not own)
