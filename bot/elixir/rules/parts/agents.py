"""What the functions that an agent is given to run ask of that agent itself."""

from __future__ import annotations

import re

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.module import Clause, Function
from bot.elixir.nodes import text
from bot.elixir.process_names import process_name
from bot.elixir.project import Project
from bot.elixir.rules.parts.way import clauses_on
from bot.elixir.server_requests import WAITING, Request, Step, requests_in

STARTS = frozenset({"Agent.start_link", "Agent.start"})
WHO_AM_I = re.compile(rb"self\(\)\s*[!=]=|[!=]=\s*self\(\)")
_BY_NAME = 3
"""Arguments before the options where a start is given module, function and arguments."""


def taker_of(call: Call) -> Call | None:
    """The `Agent` call that is given the function in which a call stands."""
    around = (resolve(a, call.owner) for a in nodes.ancestors(call.node) if a.type == "call")
    taken = (c for c in around if c is not None and c.args)
    taker = next((c for c in taken if c.full in WAITING or c.full in STARTS), None)
    # A function that a start is given by its name is looked at there.
    named = taker is not None and taker.full in STARTS and call.captured
    return None if named else taker


def agent_of(taker: Call, clause: Clause) -> str:
    """The registered name of the agent that runs what the call is given; empty where none is."""
    if taker.full not in STARTS:
        return process_name(taker.args[0], clause)
    options = nodes.keyword_pairs(taker.args[-1]) if taker.args else {}
    return process_name(options["name"], clause) if "name" in options else ""


def started_with(start: Call) -> Function | None:
    """The own function that gives an agent its first state: by its name, or captured."""
    module, args = start.owner, start.args
    if len(args) > _BY_NAME - 1 and args[1].type == "atom" and args[2].type == "list":
        own = module.scope.resolve(args[0]) == module.name
        name, arity = text(args[1]).removeprefix(":"), args[2].named_child_count
        return module.local(name, arity) if own else None
    written = text(args[0]).removeprefix("&") if args else ""
    captured = re.fullmatch(r"(?:__MODULE__\.)?(\w+[?!]?)/0", written)
    return module.local(captured[1], 0) if captured else None


def asked(project: Project, call: Call, clause: Clause, name: str) -> Request | None:
    """The request to the agent that the call is, or comes to."""
    if call.full in WAITING and call.args:
        if process_name(call.args[0], clause) != name:
            return None
        return Request(call, Step(clause, (), clause.function), name, waits=True)
    function = call.owner.local(call.name, call.arity) if call.module == call.owner.name else None
    return asked_by(function, project, name) if function is not None else None


def asked_by(function: Function, project: Project, name: str) -> Request | None:
    """The request to the agent that a function comes to, where nothing on the way asks first
    whether it is that process itself.
    """
    for step in project.calls.steps(function):
        for request in requests_in(step):
            knows = any(clause.matches(WHO_AM_I) for clause in clauses_on(step))
            if request.waits and request.process == name and not knows:
                return request
    return None
