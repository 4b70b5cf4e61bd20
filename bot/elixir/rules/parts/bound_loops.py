"""Loops of a process that ends with the one it was started for."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function
from bot.elixir.rules.parts.again import is_call_of
from bot.elixir.waiting import is_receive, is_tuple_of

_MONITORS = frozenset({"Process.monitor", ":erlang.monitor"})


def ends_with_another(function: Function, start: Call) -> bool:
    """Whether the started process monitors one that it was given, and the loop ends as that does:
    a helper of it, and no server.
    """
    ends = {name for clause in function.clauses for name in _ending_monitors(clause)}
    around = start.owner.clause_at(start.start)
    return any(
        ref in ends and around is not None and _is_given(who, clause, around)
        for clause in start.owner.clauses_with(b"monitor")
        for ref, who in _monitored(clause)
    )


def _ending_monitors(clause: Clause) -> Iterator[str]:
    """The references by whose `:DOWN` the loop may end."""
    for receive in (call for call in clause.calls if is_receive(call)):
        for stab in nodes.clauses(nodes.do_block(receive.node)):
            for pattern in nodes.clause_patterns(stab):
                ref = pattern.named_children[1] if is_tuple_of(pattern, ":DOWN") else None
                if ref is not None and nodes.operator(ref) == "^" and _may_end(stab, clause):
                    yield text(ref).removeprefix("^")


def _may_end(stab: Node, clause: Clause) -> bool:
    """Whether not all of it goes on with the loop."""
    again = [c for c in clause.calls if is_call_of(c, clause.function)]
    within = [c.node for c in again if nodes.contains(stab, c.node)]
    chosen = (nodes.is_call_to(a, "if", "case") for node in within for a in _in(node, stab))
    return not within or any(chosen)


def _in(node: Node, stab: Node) -> Iterator[Node]:
    return (above for above in nodes.ancestors(node) if nodes.contains(stab, above))


def _monitored(clause: Clause) -> Iterator[tuple[str, Node]]:
    """The variables that hold a reference, and the process it is of."""
    for call in clause.calls:
        if call.full in _MONITORS and call.args:
            for above in nodes.ancestors(call.node):
                left = above.child_by_field_name("left") if nodes.operator(above) == "=" else None
                if left is not None and left.type == "identifier":
                    yield text(left), call.args[-1]
                    break


def _is_given(who: Node, clause: Clause, around: Clause) -> bool:
    """Whether the process came with a parameter, or is the one that starts the loop's."""
    params = (*clause.params, *around.params)
    given = {name for param in params for name in nodes.identifiers(param)}
    itself = {
        nodes.text_of(match, "left")
        for match in nodes.of_type(around.node, "binary_operator")
        if nodes.operator(match) == "=" and nodes.text_of(match, "right") == "self()"
    }
    return text(who) in given | itself
