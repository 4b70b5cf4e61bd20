"""By which functions a piece of code is reached from tests: who calls it, and who calls those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir import nodes
from bot.elixir.callers import could_call, last_part
from bot.elixir.calls import Call
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, is_server
from bot.elixir.rules.standing import callers_of
from bot.elixir.source import role_of

_TESTS = ("test", "describe", "property", "feature")
_STARTS = ("start_link", "start", "start_monitor")
_SUPERVISED = ("start_supervised", "start_supervised!", "start_link_supervised!")
_MOST_DOORS = 24
"""Functions whose callers are looked for: each means a look at the words of every file."""


@dataclass(frozen=True, eq=False)
class Visit:
    """A test module with the call by which it comes to the code.

    Without a call it is the module of a function whose callers are not seen, as actions are.
    """

    module: Module
    call: Call | None


def holds_tests(module: Module) -> bool:
    """Whether tests stand in the module."""
    return any(nodes.is_call_to(n, *_TESTS) for n in module.loose)


def visits(function: Function, project: Project, own: str) -> Iterator[Visit]:
    """Test modules outside the file `own` that reach the function, the nearest first."""
    queue, count = _doors(function), 0
    seen = set(queue)
    while count < min(len(queue), _MOST_DOORS):
        door, called = queue[count], False
        count += 1
        for module, call, caller in _calls_of(door, project):
            if holds_tests(module):
                if module.source.path != own:
                    called = True
                    yield Visit(module, call)
            elif caller is not None:
                called = True
                queue += [d for d in _doors(caller) if d not in seen]
                seen.update(queue)
        if not called and _is_open(door):
            yield Visit(door.module, None)


def _doors(function: Function) -> list[Function]:
    """The function and those of its module that come to it, as far as others can call them."""
    found, queue = {function: None}, [function]
    for step in queue:
        more = [c for c in _before(step) if c not in found]
        found.update(dict.fromkeys(more))
        queue += more
    return [f for f in found if f.public]


def _before(function: Function) -> list[Function]:
    """Its callers in the module; of a server's callback those functions that start the server."""
    module = function.module
    if not _is_callback(function):
        return callers_of(function)
    starting = module.clauses_with(*(name.encode() for name in _STARTS))
    return list({c.function: None for c in starting if any(k.name in _STARTS for k in c.calls)})


def _is_open(door: Function) -> bool:
    """Whether somebody that is not seen can call it: an action, a plug, a function of a view."""
    module = door.module
    starts = is_server(module) and door.name in (*_STARTS, "child_spec")
    known = starts or _is_callback(door) or module.kind == "defimpl"
    return module.source.role == "lib" and not known


def _is_callback(function: Function) -> bool:
    return (function.name, function.arity) in BUSY and is_server(function.module)


def _calls_of(door: Function, project: Project) -> Iterator[tuple[Module, Call, Function | None]]:
    """Calls from other modules, with the functions they stand in."""
    home, names = door.module, [door.name]
    paths = set(could_call(home.name, door.name, project))
    if is_server(home) and door.name in _STARTS:
        names += _SUPERVISED
        starting = project.texts.holding(b"start_supervised", b"start_link_supervised!")
        paths |= set(starting) & set(project.texts.holding(last_part(home.name)))
    for path in sorted(paths):
        for module in project.modules_in(path) if role_of(path) in ("lib", "test") else ():
            if module.name != home.name:
                yield from _calls_from(module, door, names)


def _calls_from(
    module: Module, door: Function, names: list[str]
) -> Iterator[tuple[Module, Call, Function | None]]:
    for call in calls_named(module, names):
        direct = call.module == door.module.name and call.name == door.name
        if direct or (call.name in _SUPERVISED and _starts(call, door.module)):
            clause = module.clause_at(call.start)
            yield module, call, clause.function if clause is not None else None


def _starts(call: Call, server: Module) -> bool:
    written = (n for arg in call.args for n in nodes.of_type(arg, "alias"))
    return any(call.owner.scope.resolve(n) == server.name for n in written if text(n))
