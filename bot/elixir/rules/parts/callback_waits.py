"""Who waits while a server's callback waits, and how much it weighs."""

from __future__ import annotations

from functools import cache

from tree_sitter import Node

from bot.core.finding import Confidence, Severity
from bot.elixir import nodes
from bot.elixir.blocking import Blocking, only_for_debugging
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression, value_of
from bot.elixir.matching import can_match
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.reach import Reached, reached_from_callbacks

_CALL, _CAST = ("handle_call", 3), ("handle_cast", 2)
_AT_START = (("init", 1), ("handle_continue", 2))
_RESOLVERS = (":inet", ":inet_res")
_SHORT_MILLISECONDS = 100


def takes_requests(module: Module) -> bool:
    """Whether others can call the server or cast to it; so it is where its behaviour is unknown."""
    if _CALL in module.functions or _CAST in module.functions:
        return True
    events = module.functions.get(("handle_event", 4))
    if events is None:
        return not module.implements("GenServer")
    return any(can_match(c.params[0], r, module) for c in events.clauses for r in _requests())


@cache
def _requests() -> list[Node]:
    """How a state machine is told of a call and of a cast."""
    return [nodes.parse(code).root_node.named_children[0] for code in (b"{:call, from}", b":cast")]


def is_logged(waits: Blocking, step: Reached) -> bool:
    """Whether it is only run to be logged, at a level that is often switched off."""
    return any(only_for_debugging(call) for call in (*step.path, waits.call))


def weight_of(
    waits: Blocking, step: Reached, module: Module
) -> tuple[Severity | None, Confidence | None]:
    """Severity and confidence; the rule's own where it weighs as much as any."""
    if waits.kind in ("process", "task", "remote-node") and not waits.endless:
        return "info", "low"
    if is_logged(waits, step):
        return "info", "low"
    if waits.kind == "database" and _of_its_own(waits.call, module):
        # The one process that owns the connection: its clients wait for that anyway.
        return "info", "medium"
    if waits.kind == "network" and waits.call.module not in _RESOLVERS:
        # Mostly the one process that owns the connection, whose clients wait for the socket anyway.
        return "info", "medium"
    if waits.kind == "sleep" and _short(waits):
        return "info", "medium"
    if not answers_calls(module):
        # Nobody waits for an answer. A tick of its own is mostly what the server is for.
        return "info", "low" if step.origin.name == "handle_info" else "medium"
    sure = waits.kind in ("http", "program") or (waits.kind == "sleep" and not _given(waits, step))
    return None, "high" if sure else None


def _given(waits: Blocking, step: Reached) -> bool:
    """Whether it is told how long to sleep, by a parameter or a part of some answer."""
    time = waits.call.args[0] if waits.call.args else None
    if time is None or time.type != "identifier":
        return False
    return value_of(Expression(time, step.clause)) is None


def _of_its_own(call: Call, module: Module) -> bool:
    """Whether it asks a connection that the server opens as it starts, and keeps."""
    if not call.args or module.value(call.args[0]).type in ("alias", "atom"):
        return False
    opened = f"{call.module}.start_link"
    steps = reached_from_callbacks(module, _AT_START)
    return any(c.full == opened for step in steps for c in step.clause.calls)


def _short(waits: Blocking) -> bool:
    value = waits.call.args[0] if waits.call.args else None
    return (
        value is not None
        and value.type == "integer"
        and int(text(value).replace("_", "")) <= _SHORT_MILLISECONDS
    )


def answers_calls(module: Module) -> bool:
    """Whether others wait for replies of this server."""
    events = module.functions.get(("handle_event", 4))
    asked = events is not None and any("{:call," in text(c.params[0]) for c in events.clauses)
    return asked or _CALL in module.functions
