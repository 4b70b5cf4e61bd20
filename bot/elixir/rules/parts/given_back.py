"""Handlers that take anything and give it whole to somebody: a log, or a person."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in, resolve
from bot.elixir.handlers import Handler
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.reach import is_server
from bot.elixir.results import results

_FOR_EACH = re.compile(r"(?:p?map|each|flat_map|async_stream(?:_nolink)?)$")
_PRINTS = frozenset({"IO.puts", "IO.write", "Mix.shell"})
_WHOLE = frozenset({"Exception.format", "Exception.format_banner"})
_LOUD = frozenset(f"Logger.{level}" for level in ("error", "critical", "alert", "emergency"))

_LOGS_LOUDLY = re.compile(r"(?:\bLogger|@\w*logger)\.(?:error|critical|alert|emergency)\b")


def reported_by_own(handler: Handler, module: Module) -> bool:
    """Whether what it caught goes to an own function that logs it whole, as an error."""
    found = calls_in(handler.body, module) if handler.body is not None else []
    return any(
        call.module == module.name
        and any(nodes.identifiers(argument) & handler.names for argument in call.args)
        and _logs_whole(call, module)
        for call in found
    )


def decided_by_guarded(handler: Handler, module: Module) -> bool:
    """Whether the module that was called by a variable is told what it did, and so decides."""
    asked = {_receiver(call) for node in handler.guarded for call in calls_in(node, module)}
    return any(
        _receiver(call) in asked - {""} and any(text(arg) in handler.names for arg in call.args)
        for call in (calls_in(handler.body, module) if handler.body is not None else ())
    )


def _receiver(call: Call) -> str:
    """What stands before the dot, where that is no module's name."""
    target = call.node.child_by_field_name("target")
    left = target.child_by_field_name("left") if target is not None else None
    return "" if left is None or left.type in ("alias", "atom") else text(left)


def _logs_whole(call: Call, module: Module) -> bool:
    helper = module.local(call.name, call.arity)
    named = {c.full for clause in helper.clauses for c in clause.calls} if helper else set()
    return bool(named & _WHOLE) and bool(named & _LOUD)


def logs_an_error(handler: Handler) -> bool:
    """Whether a line of the log, as an error, holds what it caught."""
    names = nodes.identifiers(handler.body) if handler.body is not None else set()
    return (
        handler.body is not None
        and bool(names & handler.names)
        and _LOGS_LOUDLY.search(nodes.code(handler.body)) is not None
    )


def one_of_many(handler: Handler, clause: Clause) -> bool:
    """Whether it stands in a function that is called for each element of a list."""
    around = nodes.ancestors(handler.node)
    function = next((a for a in around if a.type == "anonymous_function"), None)
    if function is None or not nodes.contains(clause.node, function):
        return False
    given = _variable(function)
    return any(
        _FOR_EACH.match(call.name) is not None
        and any(a.id == function.id or (given and text(a) == given) for a in call.args)
        for call in clause.calls
    )


def _variable(function: Node) -> str:
    """What the function is bound to, where that is a variable."""
    match = function.parent
    if match is None or nodes.operator(match) != "=":
        return ""
    left = match.child_by_field_name("left")
    return text(left) if left is not None and left.type == "identifier" else ""


def tells_a_person(handler: Handler, clause: Clause) -> bool:
    """Whether it prints what it caught, in a function that prints all along what it does."""
    module = clause.function.module
    if handler.body is None or is_server(module) or not _shows(handler, module):
        return False
    inside, own = _prints(handler.body, module), _prints(clause.node, module)
    enough = 0 if always_ok(clause) else 1
    return inside > 0 and own - inside > enough


def always_ok(clause: Clause) -> bool:
    """Whether a function gives back `:ok` whatever comes: it is called for what it does."""
    module, found = clause.function.module, list(results(clause))
    return bool(found) and all(
        text(end) == ":ok" or ((call := resolve(end, module)) is not None and call.full in _PRINTS)
        for end in found
    )


def _shows(handler: Handler, module: Module) -> bool:
    return handler.body is not None and any(
        nodes.identifiers(call.node) & handler.names
        for call in calls_in(handler.body, module)
        if call.full in _PRINTS
    )


def _prints(node: Node, module: Module) -> int:
    return sum(call.full in _PRINTS for call in calls_in(node, module))
