"""Processes that live within one call of a function, which ends them and waits for it."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.reach import reached

_SENDS = frozenset({"Kernel.send", "Process.send", ":erlang.send"})


def is_joined(start: Call, clause: Clause) -> bool:
    """Whether the function that starts a process keeps its pid to itself, sends it the message that
    ends it, and waits for its answer: a helper of that one call.
    """
    match = start.node.parent
    left = match.child_by_field_name("left") if match is not None else None
    body = nodes.statements(clause.body)
    if clause.body is None or match is None or match not in body:
        return False
    if left is None or left.type != "identifier":
        return False
    pid, later = text(left), body[body.index(match) + 1 :]
    sent = [m for statement in later if (m := _sent(statement, pid, clause)) is not None]
    waits = [s for s in later if sent and s.start_byte > sent[-1].start_byte and _awaits(s, pid)]
    named = [n for n in nodes.of_type(clause.body, "identifier") if text(n) == pid]
    pins = [n for wait in waits for n in nodes.of_type(wait, "identifier") if text(n) == pid]
    only_here = len(named) == 1 + len(sent) + len(pins)
    return bool(waits) and only_here and any(_ends(message, start, clause) for message in sent)


def _sent(statement: Node, pid: str, clause: Clause) -> Node | None:
    """The message that a statement sends to the process."""
    for call in calls_in(statement, clause.function.module):
        if call.node == statement and call.full in _SENDS and text(call.args[0]) == pid:
            return call.args[1]
    return None


def _awaits(statement: Node, pid: str) -> bool:
    """Whether it takes nothing but what comes from the process, as long as that takes."""
    if not nodes.is_call_to(statement, "receive"):
        return False
    block = nodes.do_block(statement) or nodes.call_keywords(statement).get("do")
    patterns = [p for stab in nodes.clauses(block) for p in nodes.clause_patterns(stab)]
    limited = block is not None and bool(nodes.of_type(block, "after_block"))
    return bool(patterns) and not limited and all(_pins(pattern, pid) for pattern in patterns)


def _pins(pattern: Node, pid: str) -> bool:
    return any(
        nodes.operator(pin) == "^" and nodes.text_of(pin, "operand") == pid
        for pin in nodes.of_type(pattern, "unary_operator")
    )


def _ends(message: Node, start: Call, clause: Clause) -> bool:
    """Whether the started process takes the message, and does not go on with its loop then."""
    tag, taken = _tag(message), 0
    for receive, around in _receives(start, clause):
        for stab in nodes.clauses(nodes.do_block(receive)):
            if tag and tag in map(_tag, nodes.clause_patterns(stab)):
                taken += 1
                if _goes_on(stab, receive, around):
                    return False
    return taken > 0


def _goes_on(stab: Node, receive: Node, around: Clause) -> bool:
    """Whether it calls the module then, or after the whole `receive`."""
    own = (call for call in around.calls if call.module == around.function.module.name)
    return any(nodes.contains(stab, c.node) or c.start >= receive.end_byte for c in own)


def _receives(start: Call, clause: Clause) -> Iterator[tuple[Node, Clause]]:
    """Every `receive` of the module's functions that the started process runs."""
    module = clause.function.module
    inside = [c for c in calls_in(start.node, module) if c.module == module.name]
    found = (module.local(c.name, c.arity) for c in inside)
    for step in reached([f for f in found if f is not None]):
        for call in step.clause.calls:
            if nodes.is_call_to(call.node, "receive"):
                yield call.node, step.clause


def _tag(message: Node) -> str:
    """The atom that a message is, or begins with."""
    first = message.named_children[0] if message.type == "tuple" else message
    return text(first) if first.type == "atom" else ""
