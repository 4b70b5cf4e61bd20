"""Whether a way from a callback is open: for texts its clauses ask for, to who takes a request."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir.calls import Call, resolve
from bot.elixir.facts import ModuleFacts
from bot.elixir.matching import can_match
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.parts.bindings import bound_to
from bot.elixir.rules.parts.way import clauses_on
from bot.elixir.server_requests import Request

_CALL = ("handle_call", 3)
_MOST_STEPS = 4


def is_open(request: Request, project: Project) -> bool:
    """Whether each clause on the way that takes a fixed text alone may be given it.

    Where the function has a clause for other values, too, what the project's own code makes is
    not taken for that text.
    """
    path, clauses = request.step.path, clauses_on(request.step)
    return len(clauses) != len(path) + 1 or all(
        _may_be(wanted, place, hop, path, clauses, project)
        for hop, call in enumerate(path)
        if not call.captured and call.arity == len(clauses[hop + 1].params)
        for place, wanted in enumerate(clauses[hop + 1].params)
        if wanted.type == "string" and _is_one_of_several(place, clauses[hop + 1])
    )


def _is_one_of_several(place: int, clause: Clause) -> bool:
    others = (c.params for c in clause.function.clauses)
    return any(params[place].type != "string" for params in others if len(params) > place)


def _may_be(
    wanted: Node,
    place: int,
    hop: int,
    path: tuple[Call, ...],
    clauses: list[Clause],
    project: Project,
) -> bool:
    """Whether what is passed there may be the text, followed back to where it comes from."""
    for earlier in range(hop, -1, -1):
        call, clause = path[earlier], clauses[earlier]
        if call.captured or place >= len(call.args):
            return True
        given = _origin(call.args[place], clause)
        if given.type != "identifier":
            made = resolve(given, clause.function.module) if given.type == "call" else None
            known = made is not None and bool(made.name) and made.module in project.modules
            return not known and can_match(wanted, given, clause.function.module)
        names = [text(param) for param in clause.params]
        if not earlier or text(given) not in names or path[earlier - 1].arity != len(names):
            return True
        place = names.index(text(given))
    return True


def _origin(given: Node, clause: Clause) -> Node:
    """What a variable was last matched with in the clause, also where it is a part of that."""
    for _ in range(_MOST_STEPS):
        found = list(bound_to(text(given), given, clause)) if given.type == "identifier" else []
        if not found:
            return given
        given = max(found, key=lambda source: source.start_byte)
    return given


def may_take(facts: ModuleFacts, request: Request, project: Project) -> bool:
    """Whether a server that a request is for by name alone has a clause that can match it."""
    module = project.module(facts.name)
    handler, sent = module.functions.get(_CALL), request.call.args[1:2]
    if handler is None or not sent or not request.call.full.endswith(".call"):
        return True
    return any(can_match(c.params[0], sent[0], module) for c in handler.clauses if c.params)
