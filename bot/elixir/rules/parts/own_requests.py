"""Where a server's module itself makes a request of which the server makes something."""

from __future__ import annotations

import re

from bot.elixir.calls import Call
from bot.elixir.expressions import Expression
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
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
