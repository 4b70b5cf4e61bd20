"""Which servers a function asks, and whether it waits: calls followed through the whole project.

Made when it is first asked for. Only files are opened that speak of servers or their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.elixir.calls import Call
from bot.elixir.facts import ModuleFacts
from bot.elixir.module import Clause, Function, Module
from bot.elixir.nodes import text
from bot.elixir.process_names import SELF, Bound, parameter_names
from bot.elixir.reach import BUSY, SERVERS, callbacks
from bot.elixir.server_requests import Request, Step, process_of, requests_in, runs

if TYPE_CHECKING:
    from bot.elixir.project import Project

_SPEAKS = (
    rb"GenServer\.|gen_server|GenStage\.|gen_statem|GenStateMachine\.|Agent\.|Supervisor\."
    rb"|Registry\.|PubSub\.|Repo\.|:ets\.insert|whereis\("
)
_MOST_CALLS_DEEP, _MOST_CLAUSES = 6, 400


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
        self._led: dict[Module, frozenset[Function]] = {}

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
            function = self._function(call)
            if function is None or function not in self._leading(function.module):
                continue
            if runs(call, step.clause):
                in_task = step.in_task or bool(call.runs_in)
                args = enumerate(() if call.captured else call.args)
                given = {i: name for i, arg in args if (name := self._given(arg, step, in_task))}
                yield _Hop(call, function, given, in_task)

    def _given(self, arg: Node, step: Step, in_task: bool) -> str:
        """The process that an argument is, if it is one that can be asked."""
        unknown = arg.type == "identifier" and text(arg) not in step.bound
        if unknown and not step.clause.mentions(b"self()", b"whereis("):
            return ""
        name = process_of(arg, step, in_task)
        return name if name == SELF or name in self._registered else ""

    @cached_property
    def _registered(self) -> frozenset[str]:
        """Names of processes: everything else that is passed on would only multiply the ways."""
        facts = [f for f in self._project.modules.values() if f.role == "lib"]
        listed = {c.name for f in facts for listing in f.child_lists for c in listing.children}
        started = {f.name for f in facts if f.child_lists}
        return frozenset(self.owners) | listed | started | {n for f in facts for n in f.names}

    def _leading(self, module: Module) -> frozenset[Function]:
        """The functions whose text could lead to a process, themselves or through each other."""
        if module not in self._led:
            functions = module.functions.values()
            new = {f for f in functions if any(c.matches(self._words) for c in f.clauses)}
            found = set(new)
            rest = {f: _words_of(f) for f in functions if f not in found} if new else {}
            while new:
                names = {f.name.encode() for f in new}
                new = {f for f, words in rest.items() if not names.isdisjoint(words)} - found
                found |= new
            self._led[module] = frozenset(found)
        return self._led[module]

    def _function(self, call: Call) -> Function | None:
        if call.module == call.owner.name:
            return call.owner.local(call.name, call.arity)
        facts = self._project.modules.get(call.module)
        if facts is None or facts.role != "lib" or not self.speaks(facts.path):
            return None
        if not self._project.defines(facts, call.name):
            return None
        return self._project.module(facts.name).local(call.name, call.arity)

    def speaks(self, path: str) -> bool:
        """Whether a file speaks of servers, or of one of the project's by name."""
        if path not in self._speaks:
            self._speaks[path] = self._project.texts[path].matches(self._words)
        return self._speaks[path]

    @cached_property
    def _words(self) -> re.Pattern[bytes]:
        last = {facts.name.rpartition(".")[2] for facts in self.servers}
        return re.compile(_SPEAKS + (b"|" + _any_of(last) if last else b""))


def _words_of(function: Function) -> set[bytes]:
    source, found = function.module.source, set[bytes]()
    for clause in function.clauses:
        found |= source.words(clause.node.start_byte, clause.node.end_byte)
    return found


def _any_of(names: Iterable[str]) -> bytes:
    """Each name begins with a letter of its own: `re` then passes quickly over all others."""
    words = [re.escape(name.encode()) for name in sorted(names)]
    return b"|".join(rb"%b(?<!\w%b)(?![\w?!])" % (word, word) for word in words)


def is_server_module(facts: ModuleFacts) -> bool:
    """Whether it is the callback module of a long-lived server, as `reach.is_server` tells."""
    disguised = facts.has("init", 1) and facts.has("handle_call", 3)
    return disguised or any(facts.implements(name) for name in SERVERS)
