"""What keeps others from a row between its read and its write."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import Expression, value_of
from bot.elixir.table_races import Race
from bot.elixir.trapping import is_self

_MOST_STEPS = 4
_LOCKS = (
    "trans", "transaction", "lock", "with_lock", "isolated", "try_isolated", "synchronize",
    "critical", "mutex",
)  # fmt: skip


def is_own_row(race: Race) -> bool:
    """Whether another process has another row: the process that runs it is in the key, or the key
    is a number that a counter gave to it alone.
    """
    key, clause = race.read.call.args[1], race.read.clause
    parts = nodes.of_type(key, "identifier", "call")
    if any(is_self(Expression(part, clause)) for part in parts):
        return True
    return race.kind == "take" and _is_ticket(Expression(key, clause))


def _is_ticket(key: Expression, steps: int = _MOST_STEPS) -> bool:
    """Whether it comes of a counter's new value, which no two callers get: or that more or less."""
    node: Node | None = key.node
    if nodes.operator(key.node) in ("+", "-"):
        node = key.node.child_by_field_name("left")
    if node is None or not steps:
        return False
    if node.type == "identifier":
        value = value_of(key.at(node))
        return value is not None and _is_ticket(value, steps - 1)
    call = resolve(node, key.clause.function.module) if node.type == "call" else None
    return call is not None and call.full == ":ets.update_counter" and _counts(call)


def _counts(call: Call) -> bool:
    """Whether each call adds one or more, and does not begin again at a limit."""
    step = call.args[2] if len(call.args) > 2 else None
    if step is not None and step.type == "tuple":
        step = step.named_children[-1] if len(step.named_children) == 2 else None
    return step is not None and step.type == "integer" and nodes.text(step).strip("0_") != ""


def locked(race: Race) -> bool:
    """Whether read and write stand in a function that something of a lock's name runs."""
    for around in nodes.ancestors(race.write.call.node):
        if around.id == race.write.clause.node.id:
            return False
        name = nodes.text_of(around, "target").rpartition(".")[2] if around.type == "call" else ""
        if name in _LOCKS and nodes.contains(around, race.read.call.node):
            return True
    return False
