"""What a test does right before and right after a sleep: it waits by itself, or asks a server."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.module import Module
from bot.elixir.rules.parts.absence import next_statements

_WAITS = ("wait", "await", "eventually", "assert_eventually", "poll", "retry")
"""How functions and macros are named that look again until a deadline. `assert_receive` is none: it
waits for a tenth of a second, and a sleep before it is the real wait.
"""
_ASKS = frozenset({":sys.get_state", ":sys.replace_state", ":sys.get_status", "GenServer.call"})


def waits_next(call: Call) -> Node | None:
    """The next statement, where it waits for what it needs by itself, as long as that takes."""
    for statement in next_statements(call, 1):
        if any(c.name.startswith(_WAITS) and c.module != "Task" for c in _calls(statement, call)):
            return statement
    return None


_ENDS = frozenset({"exit", "stop", "close", "kill", "disconnect", "terminate_child"})


def ends_before(call: Call) -> bool:
    """Whether the statement before it ends something: who waits next for a state may still find the
    old one.
    """
    return any(c.name in _ENDS for c in _before(call))


def starts_before(call: Call) -> bool:
    """Whether the statement before it starts a process."""
    return any(c.name.startswith("start") for c in _before(call))


def _before(call: Call) -> list[Call]:
    before = nodes.previous_code(call.statement)
    return _calls(before, call) if before is not None else []


_READS = {
    ":gen_tcp.recv": 2, ":ssl.recv": 2, ":gen_tcp.accept": 1, ":ssl.transport_accept": 1,
}  # fmt: skip
"""Reads of a passive socket that wait without a limit, by how many arguments they then have."""


def reads_next(call: Call) -> Node | None:
    """The next statement, where it reads from a socket and waits for that without a limit."""
    for statement in next_statements(call, 1):
        found = (c for c in _calls(statement, call) if not c.runs_in and not c.deferred)
        if any(_READS.get(c.full) == c.arity for c in found):
            return statement
    return None


def asks_next(call: Call) -> Node | None:
    """The next statement, where it asks a server, itself or by a helper of the same module, after
    a call of which the test keeps nothing.
    """
    before = call.statement.prev_named_sibling
    if before is None or before.type != "call" or nodes.is_call_to(before, "assert", "refute"):
        return None
    for statement in next_statements(call, 1):
        if any(c.full in _ASKS for c in _with_helpers(_calls(statement, call), call.owner)):
            return statement
    return None


def _calls(statement: Node, call: Call) -> list[Call]:
    """Its calls, but for those in the blocks of a test that comes next."""
    return [] if nodes.do_block(statement) is not None else calls_in(statement, call.owner)


def _with_helpers(found: list[Call], module: Module) -> Iterator[Call]:
    yield from found
    for call in found:
        helper = module.local(call.name, call.arity) if call.module == module.name else None
        for clause in helper.clauses if helper is not None else ():
            yield from clause.calls
