"""What a clause asks of servers: calls and casts, and the process each of them goes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from bot.elixir.awaiting import AWAITS
from bot.elixir.calls import Call
from bot.elixir.module import Clause, Function
from bot.elixir.process_names import NOTHING, SELF, Bound, process_name

WAITING = frozenset(
    {
        "GenServer.call", "GenStage.call", "GenStateMachine.call", ":gen_server.call",
        ":gen_statem.call", "Agent.get", "Agent.update", "Agent.get_and_update",
    }
)  # fmt: skip
"""Requests whose answer is waited for; the process asked comes first."""

CASTS = frozenset(
    {
        "GenServer.cast", "GenStage.cast", "GenStateMachine.cast", ":gen_server.cast",
        ":gen_statem.cast", "Agent.cast",
    }
)  # fmt: skip
"""Requests without an answer."""

_AWAITABLE = frozenset({"Task.async", "Task.Supervisor.async", "Task.Supervisor.async_nolink"})


@dataclass(frozen=True, eq=False)
class Step:
    """A clause that runs when the origin runs, in the same process or while it awaits a task."""

    clause: Clause
    path: tuple[Call, ...]
    """From the origin's body to this clause; empty for the origin itself."""
    origin: Function
    bound: Bound = field(default_factory=lambda: NOTHING)
    """Processes that parameters of the clause hold."""
    in_task: bool = False
    """A task runs it, which the origin's process awaits."""


@dataclass(frozen=True, eq=False)
class Request:
    """A call or a cast to a server."""

    call: Call
    step: Step
    process: str
    """Registered name, or `self()`; empty where it is not static."""
    waits: bool


def requests_in(step: Step) -> Iterator[Request]:
    """The requests of one clause that its process makes, or a task that it awaits."""
    for call in step.clause.calls:
        waits = call.full in WAITING
        if (waits or call.full in CASTS) and call.args and runs(call, step.clause):
            in_task = step.in_task or bool(call.runs_in)
            yield Request(call, step, process_of(call.args[0], step, in_task), waits)


def runs(call: Call, clause: Clause) -> bool:
    """Whether the clause's process makes the call itself, or awaits a task that does."""
    if call.in_quote:
        return False
    if call.runs_in:
        return call.runs_in in _AWAITABLE and any(c.full in AWAITS for c in clause.calls)
    return not call.deferred


def process_of(node: Node, step: Step, in_task: bool) -> str:
    """The process an expression of the step's clause names; in a task `self()` is another one."""
    name = process_name(node, step.clause, step.bound)
    return "" if name == SELF and in_task else name
