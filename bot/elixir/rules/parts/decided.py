"""Branches that a way of calls cannot take: what they ask for was set on the way."""

from __future__ import annotations

from itertools import pairwise

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import operations
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.reach import Reached

_FALSE = ("false", "nil")
_WRITTEN = ("true", *_FALSE)


def is_ruled_out(call: Call, step: Reached) -> bool:
    """Whether a branch around the call, or around one on the way to it, asks for a field of what is
    passed that was set to the opposite where it is passed.
    """
    return any(_cannot_come(later, before) for before, later in pairwise((*step.path, call)))


def _cannot_come(later: Call, before: Call) -> bool:
    clause = before.owner.clause_at(later.start)
    if clause is None or before.captured or len(before.args) != len(clause.params):
        return False
    return any(
        _is_shut(around, later.node, _conditions(clause, param, fields))
        for param, arg in zip(clause.params, before.args, strict=True)
        if (fields := _fields_set(arg, before))
        for around in nodes.ancestors(later.node)
        if nodes.contains(clause.node, around) and nodes.is_call_to(around, "if", "unless")
    )


def _fields_set(arg: Node, before: Call) -> dict[str, str]:
    """The fields that an argument sets to `true`, `false` or `nil`: what is written last counts."""
    found: dict[str, str] = {}
    current: Node | None = arg
    while current is not None:
        current = _one_less(current, before, found)
    return {key: value for key, value in found.items() if value in _WRITTEN}


def _one_less(node: Node, before: Call, found: dict[str, str]) -> Node | None:
    """What the outermost `Map.put(rest, field, value)` or `%{rest | field: value}` is done to."""
    if node.type == "map":
        updates = [o for o in operations(node, "|") if _map_of(o) == node]
        for update in updates[:1]:
            for key, value in nodes.keyword_pairs(update.child_by_field_name("right")).items():
                found.setdefault(key, text(value))
            return update.child_by_field_name("left")
        return None
    call = resolve(node, before.owner) if node.type == "call" else None
    if call is None or call.full != "Map.put" or len(call.args) != len(("map", "key", "value")):
        return None
    found.setdefault(text(call.args[1]).removeprefix(":"), text(call.args[2]))
    return call.args[0]


def _map_of(node: Node) -> Node | None:
    return next((a for a in nodes.ancestors(node) if a.type == "map"), None)


def _conditions(clause: Clause, param: Node, fields: dict[str, str]) -> dict[str, str]:
    """What the conditions that read such a field of the parameter come to, by how they are
    written.
    """
    sides = [s for o in operations(param, "=") for s in o.named_children] or [param]
    names = {text(side) for side in sides if side.type == "identifier"}
    bound = clause.body_bindings("=")
    if any(text(left) in names for o in bound for left in o.named_children[:1]):
        return {}
    found = {f"{name}.{key}": value for name in names for key, value in fields.items()}
    taken = [o.named_children[0] for o in bound if text(o.named_children[-1]) in names]
    for pattern in (*sides, *taken):
        for key, node in nodes.keyword_pairs(pattern).items():
            once = (
                sum(text(left) == text(node) for o in bound for left in o.named_children[:1]) == 0
            )
            if key in fields and node.type == "identifier" and once:
                found[text(node)] = fields[key]
    return found


def _is_shut(choice: Node, node: Node, known: dict[str, str]) -> bool:
    """Whether the node stands in the branch that what is known rules out."""
    condition = next(iter(nodes.arguments(choice)), None)
    value = known.get(text(condition)) if condition is not None else None
    if value is None or condition is None or nodes.contains(condition, node):
        return False
    holds = (value in _FALSE) == nodes.is_call_to(choice, "unless")
    block = nodes.do_block(choice)
    parts = block.named_children if block is not None else ()
    other = any(p.type == "else_block" and nodes.contains(p, node) for p in parts)
    short = nodes.call_keywords(choice).get("else") if block is None else None
    other = other or (short is not None and nodes.contains(short, node))
    return holds == other
