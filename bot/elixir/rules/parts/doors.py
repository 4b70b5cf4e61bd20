"""By which functions a piece of code is reached from tests: who calls it, and who calls those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir import nodes
from bot.elixir.callers import could_call, last_part
from bot.elixir.calls import Call
from bot.elixir.matching import can_match
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_callback, is_server
from bot.elixir.source import role_of

_TESTS = ("test", "describe", "property", "feature")
_STARTS = ("start_link", "start", "start_monitor")
_SUPERVISED = ("start_supervised", "start_supervised!", "start_link_supervised!")
_DECIDES = ("if", "unless", "case", "cond")
_SHORT_CUTS = ("&&", "||", "and", "or")
_REPLACES = tuple(f"{m}{name}" for m in ("", "Mimic.") for name in ("reject", "expect", "stub"))
_MOST_DOORS = 24
"""Functions whose callers are looked for: each means a look at the words of every file."""


@dataclass(frozen=True, eq=False)
class Visit:
    """A test module with the call by which it comes to the code.

    Without a call it is the module of a function whose callers are not seen, as actions are.
    """

    module: Module
    call: Call | None
    sure: bool = True
    """Whether the call is seen to choose a clause that leads there, not only one that may."""
    always: bool = True
    """Whether no branch of a decision stands between: what it asks only run time knows."""


def holds_tests(module: Module) -> bool:
    """Whether tests stand in the module."""
    return any(nodes.is_call_to(n, *_TESTS) for n in module.loose)


def visits(clause: Clause, call: Call, project: Project, own: str) -> Iterator[Visit]:
    """Test modules outside the file `own` that reach a call in the clause, the nearest first."""
    queue, count = _doors(clause, always=not _is_chosen(call, clause)), 0
    seen = {(clause, door.always) for door in queue for clause in door.clauses}
    while count < min(len(queue), _MOST_DOORS):
        door, called = queue[count], False
        within = any(_before(clause) for clause in queue[count].clauses)
        count += 1
        for module, call, caller in _calls_of(door, project):
            if holds_tests(module):
                # What its module calls is public for the test's sake.
                called |= within
                if module.source.path != own:
                    called = True
                    sure = any(_chooses(c, call) for c in door.clauses)
                    yield Visit(module, call, sure, door.always)
            elif caller is not None:
                called = True
                always = door.always and not _is_chosen(call, caller)
                for more in _doors(caller, always=always):
                    new = {(clause, more.always) for clause in more.clauses} - seen
                    queue += [more] if new else []
                    seen |= new | {(clause, False) for clause, _ in new}
        if not called and _is_open(door.function):
            yield Visit(door.function.module, None)


@dataclass(frozen=True, eq=False)
class _Door:
    """A function that others can call, with those of its clauses that lead on."""

    function: Function
    clauses: tuple[Clause, ...]
    always: bool
    """Whether one of these leads on whatever is the case."""


def _doors(clause: Clause, *, always: bool) -> list[_Door]:
    """The clause and those of its module that come to it, as far as others can call them."""
    found, queue = {clause: always}, [clause]
    for step in queue:
        for caller, chosen in _before(step).items():
            on = found[step] and not chosen
            if on > found.get(caller, -1):
                found[caller] = on
                queue.append(caller)
    public: dict[Function, list[Clause]] = {}
    for step in found:
        if step.function.public:
            public.setdefault(step.function, []).append(step)
    return [
        _Door(function, tuple(clauses), any(found[step] for step in clauses))
        for function, clauses in public.items()
    ]


def _is_chosen(call: Call, clause: Clause) -> bool:
    """Whether the call stands in a branch of a decision, which other cases leave out."""
    inner = call.node
    for around in nodes.ancestors(call.node):
        if around.id == clause.node.id:
            return False
        if nodes.operator(around) in _SHORT_CUTS and around.child_by_field_name("right") == inner:
            return True
        if nodes.is_call_to(around, *_DECIDES):
            asked = nodes.arguments(around)[:1]
            if not any(nodes.contains(first, call.node) for first in asked):
                return True
        inner = around
    return False


def _before(clause: Clause) -> dict[Clause, bool]:
    """Its callers in the module, and whether each calls it in a branch only; of a server's callback
    those that start the server.
    """
    function, module = clause.function, clause.function.module
    if _is_callback(function):
        starting = module.clauses_with(*(name.encode() for name in _STARTS))
        return {c: False for c in starting if any(k.name in _STARTS for k in c.calls)}
    found: dict[Clause, bool] = {}
    for caller in module.clauses_with(function.name.encode()):
        for call in caller.calls:
            if (
                call.module == module.name
                and call.name == function.name
                and module.local(call.name, call.arity) is function
                and _takes(clause, call)
            ):
                found[caller] = found.get(caller, True) and _is_chosen(call, caller)
    return found


def _takes(clause: Clause, call: Call) -> bool:
    """Whether no argument of the call rules the clause out."""
    function = clause.function
    if call.captured or len(function.clauses) == 1 or len(call.args) > len(clause.params):
        return True
    if len(call.args) < len(clause.params) and not _defaults_come_last(function):
        return True
    # Each argument is written where the call is, each pattern where the clause is.
    pairs = zip(clause.params, call.args, strict=False)
    return all(can_match(param, call.owner.value(arg), function.module) for param, arg in pairs)


def _chooses(clause: Clause, call: Call) -> bool:
    """Whether the clause asks for nothing that only run time knows of the arguments."""
    if len(clause.function.clauses) == 1 or call.name != clause.function.name:
        return True
    pairs = zip(clause.params, call.args, strict=False)
    return all(a.type == "identifier" or text(a) == text(b) for a, b in pairs)


def _defaults_come_last(function: Function) -> bool:
    count = function.arity - function.min_arity
    return any(
        sum(nodes.operator(p) == "\\\\" for p in clause.params[-count:]) == count
        for clause in function.clauses
    )


def _is_open(door: Function) -> bool:
    """Whether somebody that is not seen can call it: an action, a plug, a function of a view."""
    module = door.module
    starts = is_server(module) and door.name in (*_STARTS, "child_spec")
    boots = door.label == "start/2" and module.implements("Application")
    known = starts or boots or _is_callback(door) or module.kind == "defimpl"
    return module.source.role == "lib" and not known


def _is_callback(function: Function) -> bool:
    return is_callback(function)


def _calls_of(door: _Door, project: Project) -> Iterator[tuple[Module, Call, Clause | None]]:
    """Calls from other modules, with the clauses they stand in."""
    function = door.function
    home, names = function.module, [function.name]
    paths = set(could_call(home.name, function.name, project))
    if is_server(home) and function.name in _STARTS:
        names += _SUPERVISED
        starting = project.texts.holding(b"start_supervised", b"start_link_supervised!")
        paths |= set(starting) & set(project.texts.holding(last_part(home.name)))
    for path in sorted(paths):
        for module in project.modules_in(path) if role_of(path) in ("lib", "test") else ():
            if module.name != home.name:
                yield from _calls_from(module, door, names)


def _calls_from(
    module: Module, door: _Door, names: list[str]
) -> Iterator[tuple[Module, Call, Clause | None]]:
    home = door.function.module
    for call in calls_named(module, names):
        direct = call.module == home.name and call.name == door.function.name
        if direct and call.captured and _is_replaced(call):
            continue
        if direct and not any(_takes(clause, call) for clause in door.clauses):
            continue
        if direct or (call.name in _SUPERVISED and _starts(call, home)):
            yield module, call, module.clause_at(call.start)


def _is_replaced(captured: Call) -> bool:
    """Whether a test gives the function to Mimic, which puts another one in its place."""
    taker = next((a for a in nodes.ancestors(captured.node) if a.type == "call"), None)
    return taker is not None and nodes.is_call_to(taker, *_REPLACES)


def _starts(call: Call, server: Module) -> bool:
    written = (n for arg in call.args for n in nodes.of_type(arg, "alias"))
    return any(call.owner.scope.resolve(n) == server.name for n in written if text(n))
