"""What a private function applies a captured conversion to, where it is handed one."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.rules.parts.standing import above


def converted(capture: Call) -> list[tuple[Node, Clause]]:
    """The values that a private function of the module, which is handed `&String.to_atom/1` or its
    like, applies it to; empty where it does anything else with it.
    """
    function = next((a for a in above(capture) if nodes.operator(a) == "&"), None)
    taker = next((a for a in above(capture) if a.type == "call" and _takes(a, function)), None)
    call = resolve(taker, capture.owner) if taker is not None else None
    if call is None or function is None or call.module != call.owner.name:
        return []
    own = call.owner.local(call.name, call.arity)
    if own is None or own.kind != "defp":
        return []
    place = next((i for i, arg in enumerate(call.args) if arg.id == function.id), None)
    found: list[tuple[Node, Clause]] = []
    for clause in own.clauses:
        if place is None or place >= len(clause.params):
            return []
        values = _applied(text(clause.params[place]), clause)
        if not values:
            return []
        found += [(value, clause) for value in values]
    return found


def _takes(call: Node, function: Node | None) -> bool:
    return function is not None and any(a.id == function.id for a in nodes.arguments(call))


def _applied(name: str, clause: Clause) -> list[Node]:
    """The single arguments of each `name.(value)`; empty where the name stands elsewhere too."""
    calls = [c for c in nodes.of_type(clause.node, "call") if _applies(c, name)]
    uses = [n for n in nodes.of_type(clause.node, "identifier") if text(n) == name]
    given = [nodes.arguments(call) for call in calls]
    if len(uses) != len(calls) + 1 or any(len(args) != 1 for args in given):
        return []
    return [args[0] for args in given]


def _applies(call: Node, name: str) -> bool:
    target = call.child_by_field_name("target")
    return (
        target is not None
        and target.type == "dot"
        and target.child_by_field_name("right") is None
        and nodes.text_of(target, "left") == name
    )
