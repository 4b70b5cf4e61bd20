"""What becomes of a task that was started: awaited, returned to the caller, or let go."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.messages import is_reply, received
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.reach import reached

AWAITS = frozenset(
    f"Task.{name}" for name in ("await", "await_many", "yield", "yield_many", "shutdown")
)


def awaited(task: Call, clause: Clause) -> bool:
    """Whether the clause, or a function of the module it calls, waits for its tasks."""
    return any(is_reply(pattern) for pattern in received(clause)) or any(
        call.full in AWAITS and not nodes.contains(task.node, call.node)
        for step in reached([clause.function])
        if step.clause is clause or step.clause.function is not clause.function
        for call in step.clause.calls
    )


def returned(task: Call, clause: Clause) -> bool:
    """Whether the task is (part of) what the function returns."""
    body = nodes.statements(clause.body)
    if not body:
        return False
    last = body[-1]
    if nodes.contains(last, task.node):
        return _is_value(task.node, last)
    name = _bound_name(task)
    return bool(name) and any(
        text(n) == name and _is_value(n, last) for n in nodes.of_type(last, "identifier")
    )


def hands_on_pid(task: Call, clause: Clause) -> bool:
    """Whether a variable that is set to a part of what starts the task is part of what the
    function returns.
    """
    match = next((a for a in nodes.ancestors(task.node) if nodes.operator(a) == "="), None)
    left = match.child_by_field_name("left") if match is not None else None
    body = nodes.statements(clause.body)
    if left is None or not body or match is None or not nodes.contains(clause.node, match):
        return False
    names, last = nodes.identifiers(left), body[-1]
    return not nodes.contains(last, match) and any(
        text(n) in names and _is_value(n, last) for n in nodes.of_type(last, "identifier")
    )


_BRANCHES = frozenset({"if", "unless", "case", "cond", "with", "for", "then"})
_KEEPS = frozenset({"Enum.map", "Enum.flat_map", "Enum.into", "Map.new", "Map.put", "Map.put_new"})
"""Calls whose value holds what they, or their function, were given."""


def _is_value(node: Node, last: Node) -> bool:
    """Whether `node` is the value of `last` or an element of it; what a call is given is not."""
    while node.id != last.id:
        parent = node.parent
        if parent is None:
            return False
        if parent.type == "anonymous_function" and not _maps(parent):
            return False
        if parent.type == "call" and not _gives_value(parent):
            return False
        node = parent
    return True


def _gives_value(call: Node) -> bool:
    name = nodes.text_of(call, "target")
    return name in _BRANCHES or name in _KEEPS


def _maps(function: Node) -> bool:
    """Whether it is the function of an `Enum.map` or the like, whose values are kept."""
    call = function.parent.parent if function.parent is not None else None
    return call is not None and call.type == "call" and nodes.text_of(call, "target") in _KEEPS


def _bound_name(task: Call) -> str:
    node: Node | None = task.statement
    while node is not None and nodes.operator(node) != "=":
        if node.type in ("do_block", "body"):
            return ""
        node = node.parent
    if node is None:
        return ""
    left = node.child_by_field_name("left")
    return text(left) if left is not None and left.type == "identifier" else ""
