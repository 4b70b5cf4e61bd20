"""A server that does one thing for those who wait for it: nobody is kept from anything else."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir.blocking import Blocking
from bot.elixir.calls import Call
from bot.elixir.matching import is_tagged
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import Reached
from bot.elixir.runners import callers
from bot.elixir.serving import client_calls, patience, plans_for_late_answers
from bot.elixir.starters import RAW_STARTS

_CALL = ("handle_call", 3)
_PLAIN_START = 2
"""Arguments of a start without options: the module and what it is given."""


def only_request(waits: Blocking, step: Reached, module: Module, project: Project) -> str:
    """Why nobody waits in vain while the server does the only thing that it can be asked for.

    A sleep makes its callers wait for one another, as they ask for without a limit of time; and
    a server without a name that is asked at one place has one caller.
    """
    if not _answers_one_request(step, module) or patience(module) != "endless":
        return ""
    if waits.kind == "sleep":
        return "gate"
    return "one-caller" if _has_one_caller(module, project) else ""


def is_planned_for(step: Reached, module: Module) -> bool:
    """Whether the server can be asked for one thing only, and who asks has a way on where that
    takes too long.
    """
    return _answers_one_request(step, module) and plans_for_late_answers(module)


def _answers_one_request(step: Reached, module: Module) -> bool:
    """Whether the callback answers calls, and takes one kind of them besides what it does not
    know.
    """
    if step.origin is not module.functions.get(_CALL):
        return False
    tags = {
        _tag(module.value(clause.params[0]))
        for clause in step.origin.clauses
        if is_tagged(clause.params[0], module)
    }
    return len(tags) == 1


def _tag(message: Node) -> str:
    return text(message.named_children[0] if message.type == "tuple" else message)


def _has_one_caller(module: Module, project: Project) -> bool:
    """Whether it has no name to be found by, and one line of the project asks it."""
    facts = project.modules.get(module.name)
    if facts is None or facts.names or _may_take_a_name(module) or _is_listed(facts.name, project):
        return False
    asked = [(clause.function, call) for clause, call in client_calls(module)]
    lines = [line for function, call in asked for line in _lines(function, call, project)]
    return len(lines) == 1


def _may_take_a_name(module: Module) -> bool:
    """Whether a start is given a name, even one that only run time knows, or options as a whole."""
    starts = (
        call
        for clause in module.clauses_with(b"start")
        for call in clause.calls
        if call.full in RAW_STARTS
    )
    return any("name" in call.keywords() or len(call.args) > _PLAIN_START for call in starts)


def _is_listed(name: str, project: Project) -> bool:
    """Whether it is a child of a list: there is one of it, for all."""
    listings = (listing for facts in project.facts for listing in facts.child_lists)
    return any(child.module == name for listing in listings for child in listing.children)


def _lines(function: Function, call: Call, project: Project) -> list[Call]:
    """Where the project calls a client function, or the request where nobody does."""
    return [line for _, line in callers(function, project)] or [call]
