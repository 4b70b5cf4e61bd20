"""Where a server's module itself makes a request of which the server makes something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir.callers import last_part
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression
from bot.elixir.matching import can_match, is_tagged
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, is_callback, reached, reached_from_callbacks
from bot.elixir.rules.parts.standing import comments_on
from bot.elixir.trapping import is_self

_SENDS = frozenset({"GenServer.call", "GenServer.cast"})
_FOR_TESTS = re.compile(rb"\btest(?:s|ing)?[- ]only\b|\bfor\s+(?:\w+\s+)?test(?:s|ing)?\b", re.I)


def asked_by_tests(request: Clause) -> bool:
    """Whether each function of the module that sends the request says that it is for tests."""
    senders = _senders(request)
    return bool(senders) and all(
        any(map(_FOR_TESTS.search, comments_on(call.node, clause))) for call, clause in senders
    )


def sent_by_init(request: Clause) -> bool:
    """Whether the module casts the request to itself as it starts, and nowhere else."""
    senders = _senders(request)
    return bool(senders) and all(
        clause.function.label == "init/1"
        and call.full == "GenServer.cast"
        and is_self(Expression(call.args[0], clause))
        and not call.runs_in
        for call, clause in senders
    )


def casts_only_to_itself(module: Module, project: Project) -> bool:
    """Whether the server takes casts, and all that are seen are made by its own callbacks."""
    function = module.functions.get(("handle_cast", 2))
    taken = [module.value(clause.params[0]) for clause in function.clauses] if function else []
    known = [message for message in taken if not text(message).startswith("_")]
    if not known or not all(is_tagged(message, module) for message in known):
        return False
    clients = [f for f in module.functions.values() if f.public and not is_callback(f)]
    own = {step.clause.node.id for step in reached_from_callbacks(module, BUSY)}
    own -= {step.clause.node.id for step in reached(clients)}
    made = [(call, clause) for clause in module.clauses_with(b"cast") for call in _casts(clause)]
    return (
        bool(made)
        and all(clause.node.id in own and _goes_to(module, call, clause) for call, clause in made)
        and not any(_may_cast(clause, known, module) for clause in _others(known, module, project))
    )


def _casts(clause: Clause) -> Iterator[Call]:
    for call in clause.calls:
        if call.full in ("GenServer.cast", ":gen_server.cast") and len(call.args) > 1:
            yield call


def _goes_to(module: Module, call: Call, clause: Clause) -> bool:
    """Whether it is a cast to the server itself."""
    asked = call.args[0]
    if text(asked) == "__MODULE__" or is_self(Expression(asked, clause)):
        return True
    return asked.type == "alias" and module.scope.resolve(asked) == module.name


def _others(known: list[Node], module: Module, project: Project) -> Iterator[Clause]:
    """Clauses of other modules that cast, where a file names the server or one of the messages."""
    tags = {text(message).lstrip("{:").split(",")[0].split("}")[0] for message in known}
    words = {tag.encode() for tag in tags} | {last_part(module.name)}
    for path in project.texts.holding(
        *sorted(words), among=frozenset(project.lib_holding(b"cast"))
    ):
        for other in project.modules_in(path):
            if other.name != module.name:
                yield from other.clauses_with(b"cast")


def _may_cast(clause: Clause, known: list[Node], module: Module) -> bool:
    """Whether it casts to the server, or to one that may be it what that one takes."""
    scope = clause.function.module.scope
    for call in _casts(clause):
        asked, message = call.args[0], call.args[1]
        named = scope.resolve(asked) if asked.type == "alias" else ""
        told = message.type in ("atom", "tuple") and text(asked) != "__MODULE__"
        alike = told and any(can_match(pattern, message, module) for pattern in known)
        if named == module.name or (alike and not named):
            return True
    return False


def _senders(request: Clause) -> list[tuple[Call, Clause]]:
    """Where the module itself makes the request, whose message is an atom."""
    module, message = request.function.module, request.params[0] if request.params else None
    if message is None or message.type != "atom":
        return []
    return [
        (call, clause)
        for clause in module.clauses_with(text(message).encode())
        for call in clause.calls
        if call.full in _SENDS and len(call.args) > 1 and text(call.args[1]) == text(message)
    ]
