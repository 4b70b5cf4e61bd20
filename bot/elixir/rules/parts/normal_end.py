"""Servers that end with `:normal`, and linked processes that outlive such an end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import can_match, is_tagged
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.reach import BUSY, reached, reached_from_callbacks
from bot.elixir.results import results
from bot.elixir.server_requests import CASTS, WAITING
from bot.elixir.trapping import trap_flags
from bot.elixir.ways import ways

_STOPS = frozenset(
    f"{module}.stop"
    for module in ("GenServer", "GenStage", "GenStateMachine", ":gen_server", ":gen_statem")
)
_ENDS_ANOTHER = _STOPS | {
    "Agent.stop",
    "Supervisor.stop",
    "DynamicSupervisor.stop",
    "DynamicSupervisor.terminate_child",
    "Process.exit",
    ":erlang.exit",
}


def own_end(module: Module) -> Node | None:
    """Where a server's callbacks end it with `:normal`."""
    steps = reached_from_callbacks(module)
    return next(_stops(step.clause for step in steps), None)


def careless_end(module: Module, helper: Module | None = None) -> Node | None:
    """Where a server ends with `:normal`, by a callback or its interface, and ends no other."""
    terminate = module.functions.get(("terminate", 2))
    if terminate is not None and any(_tidies(s.clause, helper) for s in reached([terminate])):
        return None
    steps = reached_from_callbacks(module)
    own = _stops(step.clause for step in steps if not _tidies(step.clause, helper))
    return next(own, None) or next(_interface_stops(module), None)


def ends_it(call: Call, server: Module) -> bool:
    """Whether a function of a server's interface ends the server: by force, or by a request whose
    clause stops.
    """
    function = server.local(call.name, call.arity) if call.module == server.name else None
    if function is None or not _is_interface(function):
        return False
    return any(
        inner.full in _ENDS_ANOTHER or _asks_to_stop(inner, server)
        for step in reached([function])
        for inner in step.clause.calls
    )


def _asks_to_stop(call: Call, server: Module) -> bool:
    taker = ("handle_call", 3) if call.full in WAITING else ("handle_cast", 2)
    if call.full not in WAITING | CASTS or len(call.args) < 2:
        return False
    message, function = call.args[1], server.functions.get(taker)
    clauses = function.clauses if function is not None and is_tagged(message, server) else []
    return any(
        can_match(clause.params[0], message, server) and any(way.stops for way in ways(clause))
        for clause in clauses
    )


def stops_at_once(module: Module) -> Node | None:
    """Where a server stops in the `handle_continue/2` that every `init/1` asks for, whatever way it
    takes.
    """
    init = module.functions.get(("init", 1))
    after = module.functions.get(("handle_continue", 2))
    if init is None or after is None:
        return None
    begins = [node for clause in init.clauses for node in results(clause)]
    ends = [node for clause in after.clauses for node in results(clause)]
    at_once = begins and all(_element(n, 2).startswith("{:continue") for n in begins)
    if not at_once or not ends or not all(_is_normal_stop(n) for n in ends):
        return None
    return ends[0]


def _is_normal_stop(node: Node) -> bool:
    reason = _element(node, 1)
    return _element(node, 0) == ":stop" and reason.startswith(
        (":normal", ":shutdown", "{:shutdown")
    )


def _element(node: Node, position: int) -> str:
    if node.type != "tuple" or node.named_child_count <= position:
        return ""
    return text(node.named_children[position])


def outlives(module: Module) -> bool:
    """Whether a process of the module takes no notice of a linked one's end with `:normal`.

    One that traps exits does, and one that monitors may, if it stops for some message.
    """
    if next(trap_flags(module), None) is not None:
        return False
    return not (monitors(module) and _may_stop(module))


def monitors(module: Module) -> bool:
    """Whether the module monitors some process."""
    found = module.clauses_with(b"monitor")
    return any(call.name == "monitor" for clause in found for call in clause.calls)


def _may_stop(module: Module) -> bool:
    steps = reached_from_callbacks(module, BUSY - {("init", 1)})
    return any(
        call.name == "exit" and call.module in ("Kernel", ":erlang")
        for step in steps
        for call in step.clause.calls
    ) or any(
        node.named_children and text(node.named_children[0]) in (":stop", ":stop_and_reply")
        for step in steps
        for node in nodes.of_type(step.clause.node, "tuple")
    )


def _stops(clauses: Iterable[Clause]) -> Iterator[Node]:
    for clause in clauses:
        if clause.mentions(b":normal"):
            yield from (n for n in nodes.of_type(clause.node, "tuple") if _stops_normally(n))


def _stops_normally(node: Node) -> bool:
    parts = [text(part) for part in node.named_children[:2]]
    return parts in ([":stop", ":normal"], [":stop_and_reply", ":normal"])


def _tidies(clause: Clause, helper: Module | None) -> bool:
    return any(
        call.full in _ENDS_ANOTHER or (helper is not None and ends_it(call, helper))
        for call in clause.calls
    )


def _interface_stops(module: Module) -> Iterator[Node]:
    """Calls that stop the server from outside, in functions that are its interface."""
    for clause in module.clauses_with(b"stop"):
        if _is_interface(clause.function):
            for call in clause.calls:
                if call.full in _STOPS and _stops_server(call, clause):
                    yield call.node


def _is_interface(function: Function) -> bool:
    return function.public and (function.name, function.arity) not in BUSY


def _stops_server(call: Call, clause: Clause) -> bool:
    """Whether `:normal` is the reason, and the server itself or what the caller gave is stopped."""
    if not call.args or (call.arity > 1 and text(call.args[1]) != ":normal"):
        return False
    given = {text(_without_default(param)) for param in clause.params}
    return text(call.args[0]) in given | {"__MODULE__", clause.function.module.name}


def _without_default(param: Node) -> Node:
    name = param.child_by_field_name("left") if nodes.operator(param) == "\\\\" else None
    return name if name is not None else param
