"""A field of a server's state that only its start sets: one value for each process."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import assignments
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import (
    BUSY,
    callbacks,
    is_callback,
    is_server,
    reached,
    reached_from_callbacks,
)
from bot.elixir.rules.parts.bindings import whole_names
from bot.elixir.rules.parts.standing import callers_of
from bot.elixir.starters import starters_of

_DEEPEST = 4


def one_for_each_child(name: str, at: Node, clause: Clause, project: Project) -> bool:
    """Whether it is such a field of a server that stands in lists of children, and is started in no
    other way: there are as many as the lists have children.
    """
    module = clause.function.module
    facts = project.modules.get(module.name)
    if facts is None or not is_server(module):
        return False
    place, field = _field(name, at, clause)
    if not field or not _is_state(place, clause) or _is_set_later(field, module):
        return False
    starters = starters_of(facts, project)
    return starters.listed and not starters.on_demand and not starters.by_hand


def _field(name: str, at: Node, clause: Clause) -> tuple[int, str]:
    """The position of the parameter that it is a field of, and the field: by a pattern, or read."""
    for place, param in enumerate(clause.params):
        for pair in nodes.of_type(param, "pair"):
            if nodes.text_of(pair, "value") == name:
                return place, nodes.text_of(pair, "key").strip().rstrip(":")
        if name in whole_names(param):
            read = at.parent if at.parent is not None and at.parent.type == "dot" else None
            return place, nodes.text_of(read, "right") if read is not None else ""
    return 0, ""


def _is_state(place: int, clause: Clause, depth: int = 0) -> bool:
    """Whether the parameter is the state: of a callback the last, of others what all callers in
    the module hand on.
    """
    function = clause.function
    if is_callback(function):
        return function.name != "init" and place == len(clause.params) - 1
    callers = [] if function.public or depth > _DEEPEST else callers_of(function)
    made = [
        (call, around)
        for caller in callers
        for around in caller.clauses
        for call in around.calls
        if call.name == function.name and call.module == function.module.name
    ]
    return bool(made) and all(_hands_on(call, place, around, depth) for call, around in made)


def _hands_on(call: Call, place: int, clause: Clause, depth: int) -> bool:
    given = text(call.args[place]) if place < len(call.args) else ""
    held = (i for i, param in enumerate(clause.params) if given in whole_names(param))
    found = next(held, None)
    return (
        found is not None and not assignments(given, clause) and _is_state(found, clause, depth + 1)
    )


def _is_set_later(field: str, module: Module) -> bool:
    """Whether the server itself, but for its `init/1`, speaks of it otherwise than to read it."""
    starting = {step.clause for step in reached(callbacks(module, [("init", 1)]))}
    serving = (step.clause for step in reached_from_callbacks(module, BUSY))
    sets = re.compile(rf"(?<![\w.]){field}:(?!:)|:{field}\b".encode())
    bodies = (c.body for c in serving if c not in starting and c.body is not None)
    return any(sets.search(body.text or b"") for body in bodies)
