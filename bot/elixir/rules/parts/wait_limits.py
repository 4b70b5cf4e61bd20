"""How long a call of a callback waits at most, where the code says so."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.blocking import Blocking
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Function
from bot.elixir.reach import Reached, reached

_LIMITED = {
    ":gen_tcp.connect": 4, ":gen_tcp.recv": 3, ":gen_tcp.accept": 2, ":gen_udp.recv": 3,
    ":ssl.connect": 4, ":ssl.recv": 3, ":ssl.handshake": 3, ":ssl.transport_accept": 2,
    ":rpc.call": 5, ":erpc.call": 5, "GenServer.call": 3, "GenStage.call": 3, ":gen_server.call": 3,
    "Agent.get": 3, "Agent.update": 3, "Agent.get_and_update": 3,
    "Task.await": 2, "Task.await_many": 2, "Task.yield": 2, "Task.yield_many": 2,
    "Process.sleep": 1, ":timer.sleep": 1,
}  # fmt: skip
"""Calls whose last argument is their time limit in milliseconds, with that many arguments."""


def longest(waits: Blocking, step: Reached) -> int | None:
    """Milliseconds after which a blocking call is over, where it runs but once in the callback."""
    call = waits.call
    if _LIMITED.get(call.full) != call.arity or any(map(_may_repeat, (*step.path, call))):
        return None
    limit = text(call.owner.value(call.args[-1])).replace("_", "") if call.args else ""
    return int(limit) if limit.isdigit() else None


def _may_repeat(call: Call) -> bool:
    """Whether it stands in a loop, in a function value, or in a function that calls itself."""
    clause = call.owner.clause_at(call.start)
    if clause is None:
        return True
    inside = (a for a in nodes.ancestors(call.node) if nodes.contains(clause.node, a))
    return _comes_back(clause.function) or any(
        a.type == "anonymous_function" or nodes.is_call_to(a, "for") for a in inside
    )


def _comes_back(function: Function) -> bool:
    """Whether a function leads to itself, at once or by others of its module."""
    return any(
        target is function for step in reached([function]) for _, target in step.clause.own_calls
    )
