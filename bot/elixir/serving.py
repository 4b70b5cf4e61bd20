"""A server at work: what runs while it serves, and how long its own functions let callers wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import is_tagged
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.reach import (
    BUSY,
    SERVER_CALLBACKS,
    Reached,
    callbacks,
    reached_from,
    reached_from_callbacks,
)

_FOR_TESTS = re.compile(r"\{?\s*:\w*(?:for_tests?|test_only)_*(?!\w)")
_CONTINUE = ("handle_continue", 2)
_WRITTEN = ("atom", "tuple", "string", "integer")
_CALLS = frozenset(
    f"{module}.call"
    for module in ("GenServer", "GenStage", "GenStateMachine", ":gen_server", ":gen_statem")
)

_WITHOUT_LIMIT = (":gen_statem", "GenStateMachine")
"""Their `call/2` waits for ever, where that of a server exits after five seconds."""

Patience = Literal["endless", "five seconds", "unknown"]
"""Calls without a timeout, calls with the default one, or not known."""


def serving(module: Module) -> list[Reached]:
    """Each clause that runs while the server serves, then those only a continue leads to.

    Each is told by the shortest way to it. A callback that calls `handle_continue` with
    a value nobody can read here goes on with the start: which of its clauses runs is not known.
    What a message made for tests leads to is told by it only where no other does.
    """
    served = callbacks(module, SERVER_CALLBACKS - {_CONTINUE})
    found: dict[int, Reached] = {}
    for tests in (False, True):
        shortest: dict[int, Reached] = {}
        for step in _steps(served, for_tests=tests):
            known = shortest.setdefault(step.clause.node.id, step)
            if len(step.path) < len(known.path):
                shortest[step.clause.node.id] = step
        found |= {place: step for place, step in shortest.items() if place not in found}
    for step in reached_from_callbacks(module, [_CONTINUE]):
        found.setdefault(step.clause.node.id, step)
    return list(found.values())


def _steps(served: list[Function], *, for_tests: bool) -> Iterator[Reached]:
    """What the callbacks reach from those of their clauses that are, or are not, for tests."""
    for function in served:
        first = [clause for clause in function.clauses if _is_for_tests(clause) == for_tests]
        for step in reached_from(function, first):
            if not any(map(_goes_on, step.path)):
                yield step


def _is_for_tests(clause: Clause) -> bool:
    """Whether the name of its message says so."""
    return bool(clause.params) and _FOR_TESTS.match(text(clause.params[0])) is not None


def _goes_on(call: Call) -> bool:
    return call.name == "handle_continue" and not (call.args and call.args[0].type in _WRITTEN)


def undecided(step: Reached) -> Call | None:
    """The first call on the way of which the code does not show that it leads to that clause.

    The clause is there for one value, and the call passes another name than the message's.
    """
    ends = [call.node for call in step.path[1:]] + [step.clause.node]
    for call, end in zip(step.path, ends, strict=False):
        function = call.owner.local(call.name, call.arity)
        clauses = function.clauses if function is not None else []
        clause = next((c for c in clauses if nodes.contains(c.node, end)), None)
        if clause is not None and len(clauses) > 1 and _picks(clause, call, step.origin):
            return call
    return None


def _picks(clause: Clause, call: Call, origin: Function) -> bool:
    if len(clause.params) != len(call.args):
        return False
    messages = _parameters(origin)
    return any(
        is_tagged(param, clause.function.module)
        and arg.type == "identifier"
        and text(arg) not in messages
        for param, arg in zip(clause.params, call.args, strict=True)
    )


def _parameters(function: Function) -> set[str]:
    """All parameters as written, of all clauses; worked out once."""
    memo, key = function.module.memo, (_parameters, function)
    if key not in memo:
        memo[key] = {text(param) for c in function.clauses for param in c.params}
    found: set[str] = memo[key]
    return found


def patience(module: Module) -> Patience:
    """How long callers wait for the server, as far as its own functions say with one voice."""
    if patience not in module.memo:
        told = {_patience(call, clause, module) for clause, call in client_calls(module)}
        module.memo[patience] = told.pop() if len(told) == 1 else "unknown"
    found: Patience = module.memo[patience]
    return found


def client_calls(module: Module) -> Iterator[tuple[Clause, Call]]:
    """Where the module's functions that are no callbacks wait for its server."""
    own = {step.clause.node.id for step in reached_from_callbacks(module, BUSY)}
    for clause in module.clauses_with(b"call"):
        for call in clause.calls if clause.node.id not in own else ():
            if call.full in _CALLS and call.args and not call.captured and not call.in_quote:
                asked = call.args[0]
                if asked.type != "alias" or module.scope.resolve(asked) == module.name:
                    yield clause, call


def plans_for_late_answers(module: Module) -> bool:
    """Whether all its client functions name their limit of time, and catch the exit after it."""
    asked = list(client_calls(module))
    return bool(asked) and all(
        len(call.args) > 2
        and text(module.value(call.args[2])) != ":infinity"
        and _caught(call, clause)
        for clause, call in asked
    )


def _patience(call: Call, clause: Clause, module: Module) -> Patience:
    if len(call.args) > 2:
        limit = module.value(call.args[2])
        return "endless" if text(limit) == ":infinity" else "unknown"
    if call.module in _WITHOUT_LIMIT:
        return "endless"
    return "unknown" if _caught(call, clause) else "five seconds"


def _caught(call: Call, clause: Clause) -> bool:
    """Whether something around the call catches its exit."""
    blocks = nodes.of_type(clause.node, "catch_block")
    return any(
        block.parent is not None and nodes.contains(block.parent, call.node) for block in blocks
    )
