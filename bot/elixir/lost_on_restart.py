"""What a server does once, at its start, in another server that forgets it when it restarts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression
from bot.elixir.facts import ModuleFacts
from bot.elixir.fitting import fits
from bot.elixir.matching import can_match, is_tagged
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.process_names import SELF, process_name
from bot.elixir.project import Project
from bot.elixir.reach import SERVER_CALLBACKS, callbacks, reached_from_callbacks
from bot.elixir.results import results
from bot.elixir.rules.parts.state_use import writes
from bot.elixir.server_requests import Request, Step, requests_in, runs
from bot.elixir.tables import INSERTS, created, identity

_START = (("init", 1), ("handle_continue", 2))
_HANDLERS = (("handle_call", 3), ("handle_cast", 2))
_LOOKS_UP = ("Process.whereis", "GenServer.whereis")


@dataclass(frozen=True, eq=False)
class Tie:
    """Something of one server that another one's restart undoes."""

    call: Call
    step: Step
    note: str
    other: Node
    """In the other server: where it is kept, or created."""
    other_note: str
    again: bool = False
    """The server does it later, too."""


def ties(project: Project, facts: ModuleFacts, other: ModuleFacts) -> Iterator[Tie]:
    """What ties a server's start to one run of the other server."""
    if not project.calls.speaks(facts.path):
        return
    module, kept_in = project.module(facts.name), project.module(other.name)
    for origin in callbacks(module, _START):
        for step in project.calls.steps(origin):
            found = _ties_of(project, step, module, kept_in, other)
            yield from (tie for tie in found if fits((*step.path, tie.call)))


def _ties_of(
    project: Project, step: Step, module: Module, kept_in: Module, other: ModuleFacts
) -> Iterator[Tie]:
    for request in requests_in(step):
        if project.calls.owners.get(request.process) is other:
            yield from _registration(project, request, module, kept_in)
    yield from _rows(step, kept_in)
    yield from _looked_up(project, step, other)


def _registration(
    project: Project, request: Request, module: Module, kept_in: Module
) -> Iterator[Tie]:
    """The server hands its own pid to the other one, which keeps it in its state."""
    kept = _kept_pid(request, kept_in)
    if kept is not None:
        again = any(
            project.calls.owners.get(later.process) is project.modules[kept_in.name]
            and _kept_pid(later, kept_in) is not None
            for origin in callbacks(module, SERVER_CALLBACKS - set(_START))
            for step in project.calls.steps(origin)
            for later in requests_in(step)
        )
        note = f"here `{module.name}` hands its own pid to `{kept_in.name}`"
        why = f"`{kept_in.name}` keeps it in its state, which ends with it"
        yield Tie(request.call, request.step, note, kept, why, again)


def _kept_pid(request: Request, kept_in: Module) -> Node | None:
    """Where the pid of the asking process is put into the other server's state."""
    message = request.call.args[1] if len(request.call.args) > 1 else None
    module = request.step.clause.function.module
    if message is None or message.type != "tuple" or not is_tagged(message, module):
        return None
    places = [i for i, n in enumerate(_elements(message)) if _is_self(n, request.step)]
    for write in writes(kept_in):
        function, pattern = write.clause.function, write.clause.params[0]
        if (function.name, function.arity) not in _HANDLERS or pattern.type != "tuple":
            continue
        if can_match(pattern, message, kept_in):
            names = [text(n) for n in _elements(pattern)]
            if any(i < len(names) and names[i] in write.names for i in places):
                return write.node
    return None


def _is_self(node: Node, step: Step) -> bool:
    return not step.in_task and process_name(node, step.clause, step.bound) == SELF


def _elements(node: Node) -> list[Node]:
    return [n for n in node.named_children if n.type != "comment"]


def _rows(step: Step, kept_in: Module) -> Iterator[Tie]:
    """The server puts rows into a table that the other one owns and creates anew."""
    inserts = [c for c in step.clause.calls if c.full in INSERTS and c.args]
    for call in inserts if not step.in_task else ():
        name = identity(Expression(call.args[0], step.clause))
        for table in created(kept_in) if name and runs(call, step.clause) else ():
            if table.name == name and _in_init(table.clause, kept_in):
                yield Tie(
                    call,
                    step,
                    f"here `{step.origin.module.name}` puts rows into `{name}`",
                    table.call.node,
                    f"`{kept_in.name}` owns the table: each start of it begins with an empty one",
                    _filled_later(step.origin.module, name),
                )


def _filled_later(module: Module, table: str) -> bool:
    return any(
        call.full in INSERTS and call.args and identity(Expression(call.args[0], s.clause)) == table
        for s in reached_from_callbacks(module, SERVER_CALLBACKS - set(_START))
        for call in s.clause.calls
    )


def _in_init(clause: Clause, module: Module) -> bool:
    steps = reached_from_callbacks(module, [("init", 1)])
    return any(step.clause is clause for step in steps)


def _looked_up(project: Project, step: Step, other: ModuleFacts) -> Iterator[Tie]:
    """The server looks the other one's pid up and keeps it."""
    for call in step.clause.calls:
        if call.full not in _LOOKS_UP or not call.args or step.path:
            continue
        name = process_name(call.args[0], step.clause, step.bound)
        if project.calls.owners.get(name) is other and _is_kept(call, step.clause):
            note = f"the pid of `{other.name}` is kept; after its restart that pid is dead"
            yield Tie(call, step, note, project.module(other.name).node, f"`{other.name}`")


def _is_kept(call: Call, clause: Clause) -> bool:
    """Whether what the call returns is part of what the clause returns."""
    values = list(results(clause))
    if any(nodes.contains(value, call.node) and value.type == "tuple" for value in values):
        return True
    above = call.statement.parent
    if above is None or nodes.operator(above) != "=":
        return False
    left = above.child_by_field_name("left")
    return left is not None and any(text(left) in nodes.identifiers(v) for v in values)
