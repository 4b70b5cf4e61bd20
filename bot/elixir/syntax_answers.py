"""Questions that a file answers by its syntax: how a function comes to run, who calls it.

Who asks need not look again as long as the file would answer the same, whatever else changes in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.elixir.bare_pipes import bare_pipes_into
from bot.elixir.calls import Call
from bot.elixir.context import is_command_line, is_test_support
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_callback
from bot.elixir.requests import is_request_entry
from bot.elixir.watched import Question

CALLS, ENTRY = "calls", "entry"
BY_SYNTAX = frozenset({CALLS, ENTRY})

_AT_START = frozenset(
    {("start_link", 0), ("start_link", 1), ("start_link", 2), ("child_spec", 1), ("start", 2),
     ("stop", 1), ("config_change", 3)}
)  # fmt: skip
"""Functions that a supervisor or the application controller runs, once per start."""


class Named(NamedTuple):
    """A function by its name, with the numbers of arguments that it takes."""

    module: str
    name: str
    fewest: int
    most: int

    @classmethod
    def of(cls, function: Function) -> Named:
        return cls(function.module.name, function.name, function.min_arity, function.arity)

    @classmethod
    def read(cls, told: str) -> Named:
        """Of how `written` writes it; raises `ValueError` for anything else."""
        module, name, fewest, most = told.split(" ")
        return cls(module, name, int(fewest), int(most))

    @property
    def written(self) -> str:
        return f"{self.module} {self.name} {self.fewest} {self.most}"

    def is_called_by(self, call: Call) -> bool:
        right = call.name == self.name and call.module == self.module
        return right and self.fewest <= call.arity <= self.most


class Entry(NamedTuple):
    """How a function comes to run without a call."""

    kind: str
    """By what it is defined: `def`, `defmacrop`, ..."""
    callback: bool
    """A server runs it as a callback."""
    startup: bool
    """A supervisor, the application controller or a command runs it, or it is there for tests."""
    request: bool
    """A framework runs it for each request, event or job."""


def entry_of(function: Function, project: Project) -> Entry:
    """How it comes to run, which its own file tells."""
    return project.once((entry_of, function), lambda view: _asked(function, view))


def _asked(function: Function, project: Project) -> Entry:
    named, path = Named.of(function), function.module.source.path
    entries = {same: _entry(same) for same in _all_named(named, project.glimpse(path))}
    project.trace.note((ENTRY, named.written), path, _digest(map(str, entries.values())))
    return entries.get(function) or _entry(function)


def calls_in_file(function: Function, path: str, project: Project) -> list[tuple[Function, Call]]:
    """The calls of a function in all modules of a file, each with the function it stands in.

    Of both only what the answer tells may be asked, unless their file is opened.
    """
    named = Named.of(function)
    found = list(_calls_of(named, project.glimpse(path)))
    project.trace.note((CALLS, named.written), path, _digest(map(_told, found)))
    return found


def answered(question: Question, modules: Iterable[Module]) -> int:
    """What a file with these modules answers: zero for nothing.

    Raises `ValueError` for another kind of question.
    """
    how, what = question
    named = Named.read(what)
    if how == CALLS:
        return _digest(map(_told, _calls_of(named, modules)))
    return _digest(str(_entry(function)) for function in _all_named(named, modules))


def _digest(lines: Iterable[str]) -> int:
    told = "\n".join(lines)
    if not told:
        return 0
    return int.from_bytes(hashlib.sha256(told.encode("utf-8", "replace")).digest()[:6], "big") or 1


def _calls_of(named: Named, modules: Iterable[Module]) -> Iterator[tuple[Function, Call]]:
    for module in modules:
        own = next(_all_named(named, [module]), None)
        for clause in module.clauses_with(named.name.encode()):
            piped = bare_pipes_into(own, clause) if own is not None else ()
            for call in (*clause.calls, *piped):
                if named.is_called_by(call):
                    yield clause.function, call


def _told(found: tuple[Function, Call]) -> str:
    """What may be asked of a call without opening its file."""
    caller, call = found
    return f"{Named.of(caller).written} {bool(call.runs_in)} {call.in_quote}"


def _all_named(named: Named, modules: Iterable[Module]) -> Iterator[Function]:
    for module in modules:
        function = module.functions.get((named.name, named.most))
        if module.name == named.module and function is not None:
            yield function


def _entry(function: Function) -> Entry:
    called_back = is_callback(function)
    startup = _as_it_starts(function) if called_back else _is_start(function)
    return Entry(function.kind, called_back, startup, is_request_entry(function))


def _is_start(function: Function) -> bool:
    key = (function.name, function.arity)
    at_start = key in _AT_START or (key == ("init", 1) and function.public)
    command = any(is_command_line(clause) for clause in function.clauses)
    return at_start or command or is_test_support(function.module)


def _as_it_starts(callback: Function) -> bool:
    """Whether it runs once per start: `init/1`, and `handle_continue/2` where only that asks it."""
    if (callback.name, callback.arity) != ("handle_continue", 2):
        return callback.name == "init"
    others = (f for f in callback.module.functions.values() if f.name != "init")
    return not any(clause.mentions(b":continue") for f in others for clause in f.clauses)
