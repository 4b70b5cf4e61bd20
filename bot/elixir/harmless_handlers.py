"""Handlers that take anything and can hide no mistake, by what they guard or what they do then."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.captured import captured
from bot.elixir.expressions import operations
from bot.elixir.handlers import Handler
from bot.elixir.module import Clause, Function, Module
from bot.elixir.reach import reached

_CLOSES = [
    [name]
    for name in (
        ":gen_tcp.close", ":gen_udp.close", ":socket.close", "Port.close", ":erlang.port_close",
        "File.close", ":file.close", ":dets.close",
    )
]  # fmt: skip
_ASKS_SYSTEM = frozenset(
    {":erlang.system_info", ":erlang.statistics", ":erlang.memory", "System.build_info"}
)


def harmless(handler: Handler, clause: Clause) -> str:
    """The shape by which it hides nothing, as rules call it; empty for all others."""
    module = clause.function.module
    if _tries_again(handler, module):
        return "second-try"
    if _only_closes(handler.guarded, module):
        return "clean-up"
    if _only_asks_system(handler.guarded, module):
        return "probe"
    return "log-formatter" if _formats_logs(clause) else ""


def _only_closes(guarded: list[Node], module: Module) -> bool:
    """Whether it guards nothing but the end of one thing, which may have ended already."""
    return [call.full for call in _calls(guarded, module)] in _CLOSES


def _only_asks_system(guarded: list[Node], module: Module) -> bool:
    """Whether it guards nothing but questions to the system that hold no value of the program: a
    version that does not know one fails.
    """
    if any(captured(node) for node in guarded):
        return False
    calls = [c for c in _calls(guarded, module) if not nodes.is_call_to(c.node, "if", "unless")]
    return bool(calls) and all(call.full in _ASKS_SYSTEM for call in calls)


def _tries_again(handler: Handler, module: Module) -> bool:
    """Whether it guards one call of another module's function, and calls the same one then with
    something else: what nobody foresaw fails again there.
    """
    calls = _calls(handler.guarded, module)
    if len(calls) != 1 or handler.body is None or calls[0].module in ("", module.name):
        return False
    return any(
        call.full == calls[0].full and not call.deferred and not _caught(call.node, handler)
        for call in calls_in(handler.body, module)
    )


def _caught(node: Node, handler: Handler) -> bool:
    """Whether a `try` inside the handler is around it."""
    within = (a for a in nodes.ancestors(node) if a.start_byte > handler.node.start_byte)
    return any(nodes.is_call_to(around, "try") for around in within)


def _calls(guarded: list[Node], module: Module) -> list[Call]:
    return [call for node in guarded for call in calls_in(node, module)]


def _formats_logs(clause: Clause) -> bool:
    """Whether it is the formatter of a logger, or a part of it: `format/4` of `Logger`, or
    `format/2` of Erlang's.
    """
    module = clause.function.module
    own, erlang = module.functions.get(("format", 4)), module.functions.get(("format", 2))
    formatters = [f for f in (own,) if f is not None and f.public and _takes_a_message(f)]
    if erlang is not None and any(map(_takes_an_event, erlang.clauses)):
        formatters.append(erlang)
    return any(step.clause is clause for step in reached(formatters))


def _takes_a_message(function: Function) -> bool:
    """Whether it uses the parts of `Logger`'s own formatter, or takes a time apart as `Logger`
    gives it: `{date, {hour, minute, second, millisecond}}`.
    """
    clauses = {step.clause for step in reached([function])}
    return any(
        call.module == "Logger.Formatter" for clause in clauses for call in clause.calls
    ) or any(map(_takes_time_apart, function.clauses))


def _takes_time_apart(clause: Clause) -> bool:
    matched = (match.child_by_field_name("left") for match in operations(clause.node, "="))
    return any(
        [part.type for part in pattern.named_children][1:] == ["tuple"]
        and len(pattern.named_children[1].named_children) == 4
        for pattern in (*clause.params[2:3], *matched)
        if pattern is not None and pattern.type == "tuple"
    )


def _takes_an_event(clause: Clause) -> bool:
    """Whether it takes a log event apart: `%{level: level, msg: message, meta: meta}`."""
    event = clause.params[0] if clause.params else None
    keys = {
        nodes.text_of(pair, "key").strip().rstrip(":")
        for pair in (nodes.of_type(event, "pair") if event is not None else ())
    }
    return "msg" in keys and not keys.isdisjoint({"level", "meta"})
