"""Where the pid of a started process is kept, and whether the module ends it by that."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause

_EXITS = frozenset({"Process.exit", ":erlang.exit"})


def ended_by_field(start: Call, clause: Clause) -> str:
    """The field that a pid is put into, and by which the module exits the process; else empty."""
    field = _field(start, clause)
    exits = clause.function.module.clauses_with(b"exit(") if field else []
    ended = any(
        c.full in _EXITS and c.args and text(c.args[0]).endswith(f".{field}")
        for other in exits
        for c in other.calls
    )
    return field if ended else ""


def _field(start: Call, clause: Clause) -> str:
    """The key whose value is the pid, or the variable that it was given to."""
    match = next((a for a in nodes.ancestors(start.node) if nodes.operator(a) == "="), None)
    name = nodes.text_of(match, "left") if match is not None else ""
    for pair in nodes.of_type(clause.node, "pair"):
        value = pair.child_by_field_name("value")
        if value is None:
            continue
        if value.id == start.node.id or (name.isidentifier() and text(value) == name):
            return nodes.text_of(pair, "key").strip().rstrip(":")
    return ""
