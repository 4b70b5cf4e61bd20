"""Handlers that take anything and can hide no mistake, by what they guard or what they do then."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.captured import captured
from bot.elixir.expressions import operations
from bot.elixir.guarded import runs_foreign_code
from bot.elixir.handlers import Handler
from bot.elixir.module import Clause, Function, Module
from bot.elixir.purity import computes
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

_FAILS_BY_VALUE = frozenset(
    {
        ":erlang.binary_to_term", "Module.concat", "Module.safe_concat",
        "String.to_atom", "String.to_existing_atom", "String.to_float", "String.to_integer",
        ":erlang.binary_to_atom", ":erlang.binary_to_existing_atom", ":erlang.binary_to_integer",
    }
)  # fmt: skip
"""Functions of the language that run nothing else: a value that they do not take is all that can
go wrong.
"""

_REPORTS = ("Logger", ":logger")
_WORDS_OF_REPORTS = frozenset({"inspect", "to_string"})
_RAISING = ("+", "-", "*", "/", "<>", "++", "--")
"""Operators that fail by themselves where a value is not what they take."""


def harmless(handler: Handler, clause: Clause) -> str:
    """The shape by which it hides nothing, as rules call it; empty for all others."""
    module = clause.function.module
    if _tries_again(handler, module):
        return "second-try"
    if _only_closes(handler.guarded, module):
        return "clean-up"
    if _only_asks_system(handler.guarded, clause):
        return "probe"
    if _only_reports(handler.guarded, module):
        return "report"
    if _only_matches(handler.guarded, module):
        return "matching"
    if _only_converts(handler.guarded, module):
        return "conversion"
    return "log-formatter" if _formats_logs(clause) else ""


def _only_closes(guarded: list[Node], module: Module) -> bool:
    """Whether it guards nothing but the end of one thing, which may have ended already."""
    return [call.full for call in _calls(guarded, module)] in _CLOSES


def _only_asks_system(guarded: list[Node], clause: Clause) -> bool:
    """Whether it guards nothing but questions to the system that hold no value of the program, and
    where the function takes none what is reckoned from the answers: a version that does not know
    one, or answers in another form, fails.
    """
    module = clause.function.module
    calls = [c for c in _calls(guarded, module) if not nodes.is_call_to(c.node, "if", "unless")]
    if not clause.params and guarded == clause.statements():
        leaves, _ = _followed(guarded, module)
        calls = [call for call in leaves if not computes(call)]
    elif any(captured(node) for node in guarded):
        return False
    return bool(calls) and all(call.full in _ASKS_SYSTEM for call in calls)


def _only_reports(guarded: list[Node], module: Module) -> bool:
    """Whether it guards nothing but a line for the log and the words of it: what is reported has
    happened, and a report that fails must not end what goes on.
    """
    last = _calls(guarded[-1:], module)[:1]
    leaves, _ = _followed(guarded, module)
    return (
        any(call.module in _REPORTS for call in last)
        and not runs_foreign_code(guarded, module)
        and all(
            call.module in (*_REPORTS, "Exception") or call.name in _WORDS_OF_REPORTS
            for call in leaves
        )
    )


def _only_matches(guarded: list[Node], module: Module) -> bool:
    """Whether it guards nothing but own functions that call nothing but each other, and take their
    values apart by clauses: the one way to fail is a value that no clause takes.
    """
    leaves, own = _followed(guarded, module)
    if leaves or not any(len(function.clauses) > 1 for function in own):
        return False
    parts = [*guarded, *(clause.node for function in own for clause in function.clauses)]
    signs = {nodes.operator(n) for part in parts for n in nodes.of_type(part, "binary_operator")}
    return signs.isdisjoint(_RAISING) and not runs_foreign_code(parts, module)


def _only_converts(guarded: list[Node], module: Module) -> bool:
    """Whether it guards nothing but such functions, of values that were there before: a handler
    that names their exception would take the very same.
    """
    found = [node for part in guarded for node in nodes.of_type(part, "call")]
    calls = _calls(guarded, module)
    signs = {nodes.operator(n) for part in guarded for n in nodes.of_type(part, "binary_operator")}
    return (
        len(guarded) == 1
        and bool(calls)
        and not nodes.of_type(guarded[0], "interpolation", "access_call", "anonymous_function")
        and len(found) == len(calls)
        and all(call.full in _FAILS_BY_VALUE for call in calls)
        and signs <= {"==", "!=", "===", "!==", "|>"}
    )


def _followed(guarded: list[Node], module: Module) -> tuple[list[Call], set[Function]]:
    """The calls of others that it leads to, and the own functions that lead there."""
    leaves: list[Call] = []
    own: set[Function] = set()
    queue = _calls(guarded, module)
    for call in queue:
        target = module.local(call.name, call.arity) if call.module == module.name else None
        if target is None:
            leaves.append(call)
        elif target not in own:
            own.add(target)
            queue += [c for clause in target.clauses for c in clause.calls]
    return leaves, own


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
