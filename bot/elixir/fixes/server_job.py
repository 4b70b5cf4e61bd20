"""A job a server starts in a callback, and whether its reference can be kept in the state."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.awaiting import AWAITS
from bot.elixir.calls import Call
from bot.elixir.fixes import gen_server, task_handlers
from bot.elixir.fixes.base import Declined
from bot.elixir.fixes.locate import Place
from bot.elixir.fixes.places import alone, variables
from bot.elixir.fixes.server_state import Shape, shape_of
from bot.elixir.fixes.task_handlers import FIELD
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text

_CALLBACKS = (("handle_call", 3), ("handle_cast", 2), ("handle_info", 2), ("handle_continue", 2))
_ASYNC = ("Task.async", "Task.Supervisor.async")


@dataclass(frozen=True, eq=False)
class Job:
    """The start of a task in a callback, and the state its reference is kept in."""

    place: Place
    statement: Node
    """The call, or the match of its value to a variable, as a statement of the callback."""
    variable: str
    """Name the task has or gets."""
    state: str
    shape: Shape

    @property
    def call(self) -> Call:
        return self.place.call

    @property
    def module(self) -> Module:
        return self.place.module


def job_of(place: Place | None) -> Job | Declined:
    """The job at a place, where its reference can be kept."""
    if place is None:
        return Declined("the call is gone, or stands in no function")
    module, clause = place.module, place.clause
    if place.call.full not in _ASYNC or place.call.captured or place.call.piped:
        return Declined("this is no plain call of `Task.async` or `Task.Supervisor.async`")
    refusal = _refusal(module, clause)
    if refusal:
        return Declined(refusal)
    found = _statement(place)
    state = _state_name(clause)
    shape = shape_of(module)
    if found is None:
        return Declined("the task is started in a loop or inside another expression")
    if shape is None or not state:
        return Declined("the state is no map or struct whose fields are written out in `init/1`")
    if FIELD in shape.keys and not task_handlers.present(module):
        return Declined(f"the state has a field `{FIELD}` already")
    return Job(place, *found, state, shape)


def _refusal(module: Module, clause: Clause) -> str:
    function = clause.function
    server = gen_server.is_gen_server(module) and module.use("GenServer") is not None
    if not server or (function.name, function.arity) not in _CALLBACKS:
        return "the task is not started in a callback of a GenServer"
    if gen_server.traps_exits(module):
        return "the server traps exits: it handles the end of a linked task in its own way"
    if any(call.full in AWAITS for c in module.all_clauses() for call in c.calls):
        return "the module waits for a task, and whoever waits for a dead task exits with it"
    return ""


def _statement(place: Place) -> tuple[Node, str] | None:
    call = place.call.node
    for statement in place.clause.statements()[:-1]:
        if not alone(place.data, statement):
            continue
        if statement.id == call.id:
            taken = set(variables(place.clause.node))
            return statement, next(n for n in ("task", "job", "started") if n not in taken)
        left, right = statement.child_by_field_name("left"), statement.child_by_field_name("right")
        matched = nodes.operator(statement) == "=" and right is not None and right.id == call.id
        if matched and left is not None and left.type == "identifier":
            return statement, text(left)
    return None


def _state_name(clause: Clause) -> str:
    param = clause.params[-1]
    if nodes.operator(param) == "=":
        param = param.child_by_field_name("right") or param
    return text(param) if param.type == "identifier" and not text(param).startswith("_") else ""
