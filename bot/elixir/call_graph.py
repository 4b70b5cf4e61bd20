"""Which servers a function asks, and whether it waits: calls followed through the whole project.

Made when it is first asked for. Only files are opened that speak of servers or their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.elixir.awaiting import AWAITS
from bot.elixir.calls import Call
from bot.elixir.facts import ModuleFacts
from bot.elixir.module import Clause, Function
from bot.elixir.process_names import NOTHING, SELF, Bound, parameter_names, process_name
from bot.elixir.reach import BUSY, SERVERS, callbacks

if TYPE_CHECKING:
    from bot.elixir.project import Project

WAITING = frozenset(
    {
        "GenServer.call", "GenStage.call", "GenStateMachine.call", ":gen_server.call",
        ":gen_statem.call", "Agent.get", "Agent.update", "Agent.get_and_update",
    }
)  # fmt: skip
"""Requests whose answer is waited for; the process asked comes first."""

CASTS = frozenset(
    {
        "GenServer.cast", "GenStage.cast", "GenStateMachine.cast", ":gen_server.cast",
        ":gen_statem.cast", "Agent.cast",
    }
)  # fmt: skip
"""Requests without an answer."""

_AWAITABLE = frozenset({"Task.async", "Task.Supervisor.async", "Task.Supervisor.async_nolink"})
_SPEAKS = rb"GenServer\.|gen_server|GenStage\.|gen_statem|GenStateMachine\.|Agent\.|Supervisor\."
_MOST_CALLS_DEEP, _MOST_CLAUSES = 6, 400


@dataclass(frozen=True, eq=False)
class Step:
    """A clause that runs when the origin runs, in the same process or while it awaits a task."""

    clause: Clause
    path: tuple[Call, ...]
    """From the origin's body to this clause; empty for the origin itself."""
    origin: Function
    bound: Bound = field(default_factory=lambda: NOTHING)
    """Processes that parameters of the clause hold."""
    in_task: bool = False
    """A task runs it, which the origin's process awaits."""


@dataclass(frozen=True, eq=False)
class Request:
    """A call or a cast to a server."""

    call: Call
    step: Step
    process: str
    """Registered name, or `self()`; empty where it is not static."""
    waits: bool


@dataclass(frozen=True, eq=False)
class _Hop:
    call: Call
    function: Function
    given: dict[int, str]
    """Processes by position among the arguments."""
    in_task: bool

    @property
    def identity(self) -> tuple[Function, frozenset[tuple[int, str]], bool]:
        return self.function, frozenset(self.given.items()), self.in_task

    def steps(self, before: Step) -> list[Step]:
        path = (*before.path, self.call)
        return [
            Step(clause, path, before.origin, self._bound(clause), self.in_task)
            for clause in self.function.clauses
        ]

    def _bound(self, clause: Clause) -> Bound:
        return parameter_names(clause, self.given, self.call.arity)


class CallGraph:
    """Calls between the functions of a project's modules, followed on demand."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._speaks: dict[str, bool] = {}
        self._steps: dict[Function, list[Step]] = {}

    @cached_property
    def servers(self) -> tuple[ModuleFacts, ...]:
        """Callback modules of the project's own servers, outside tests."""
        known = self._project.modules.values()
        return tuple(f for f in known if f.role == "lib" and is_server_module(f))

    @cached_property
    def owners(self) -> dict[str, ModuleFacts]:
        """Servers by registered name; names that two of them could have are left out.

        A server's own module name is its own, whatever its start function says: nobody else's
        client functions use it.
        """
        claims: dict[str, dict[str, ModuleFacts]] = {}
        for facts in self.servers:
            for name in {*facts.names, facts.name}:
                claims.setdefault(name, {})[facts.name] = facts
        servers = {facts.name: facts for facts in self.servers}
        listings = (listing for facts in self._project.facts for listing in facts.child_lists)
        for child in (child for listing in listings for child in listing.children):
            if child.name and child.module in servers:
                claims.setdefault(child.name, {})[child.module] = servers[child.module]
        return {name: next(iter(by.values())) for name, by in claims.items() if len(by) == 1}

    def requests(
        self, facts: ModuleFacts, keys: Iterable[tuple[str, int]] = BUSY
    ) -> Iterator[Request]:
        """What the server's callbacks ask of other servers and of itself."""
        if not self.speaks(facts.path):
            return
        module = self._project.module(facts.name)
        for origin in callbacks(module, keys):
            for step in self.steps(origin):
                yield from requests_in(step)

    def steps(self, origin: Function) -> list[Step]:
        """The clauses that run when a function runs, its own first, each by the shortest way."""
        if origin not in self._steps:
            self._steps[origin] = list(self._walk(origin))
        return self._steps[origin]

    def _walk(self, origin: Function) -> Iterator[Step]:
        queue = [Step(clause, (), origin) for clause in origin.clauses]
        seen: set[object] = {(origin, frozenset(), False)}
        for count in range(_MOST_CLAUSES):
            if count == len(queue):
                return
            step = queue[count]
            yield step
            for hop in self._hops(step) if len(step.path) < _MOST_CALLS_DEEP else ():
                if hop.identity not in seen:
                    seen.add(hop.identity)
                    queue += hop.steps(step)

    def _hops(self, step: Step) -> Iterator[_Hop]:
        for call in step.clause.calls:
            function = self._function(call) if runs(call, step.clause) else None
            if function is not None:
                in_task = step.in_task or bool(call.runs_in)
                args = enumerate(() if call.captured else call.args)
                given = {i: name for i, arg in args if (name := _process(arg, step, in_task))}
                yield _Hop(call, function, given, in_task)

    def _function(self, call: Call) -> Function | None:
        if call.module == call.owner.name:
            return call.owner.local(call.name, call.arity)
        facts = self._project.modules.get(call.module)
        if facts is None or facts.role != "lib" or not self.speaks(facts.path):
            return None
        if not any(name == call.name and public for name, _, public in facts.functions):
            return None
        return self._project.module(facts.name).local(call.name, call.arity)

    def speaks(self, path: str) -> bool:
        """Whether a file speaks of servers, or of one of the project's by name."""
        if path not in self._speaks:
            self._speaks[path] = self._words.search(self._project.files[path]) is not None
        return self._speaks[path]

    @cached_property
    def _words(self) -> re.Pattern[bytes]:
        last = {facts.name.rpartition(".")[2] for facts in self.servers}
        names = b"|".join(re.escape(name.encode()) for name in sorted(last))
        return re.compile(_SPEAKS + (rb"|\b(?:" + names + rb")\b" if names else b""))


def is_server_module(facts: ModuleFacts) -> bool:
    """Whether it is the callback module of a long-lived server, as `reach.is_server` tells."""
    disguised = all((name, arity, True) in facts.functions for name, arity in _TELLING)
    return disguised or any(facts.implements(name) for name in SERVERS)


_TELLING = (("init", 1), ("handle_call", 3))


def requests_in(step: Step) -> Iterator[Request]:
    """The requests of one clause that its process makes, or a task that it awaits."""
    for call in step.clause.calls:
        waits = call.full in WAITING
        if (waits or call.full in CASTS) and call.args and runs(call, step.clause):
            in_task = step.in_task or bool(call.runs_in)
            yield Request(call, step, _process(call.args[0], step, in_task), waits)


def runs(call: Call, clause: Clause) -> bool:
    """Whether the clause's process makes the call itself, or awaits a task that does."""
    if call.in_quote:
        return False
    if call.runs_in:
        return call.runs_in in _AWAITABLE and any(c.full in AWAITS for c in clause.calls)
    return not call.deferred


def _process(node: Node, step: Step, in_task: bool) -> str:
    name = process_name(node, step.clause, step.bound)
    return "" if name == SELF and in_task else name
