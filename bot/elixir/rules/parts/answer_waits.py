"""A `receive` that waits for one other process: for its answer, or to be gone."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.trapping import trap_flags
from bot.elixir.waiting import is_tuple_of, patterns, time_limit, waits_for_one

_LINKS = ("start_link", "spawn_link")


def waits_for_an_end(call: Call) -> bool:
    """Whether it waits for a process to be gone, and not for ever: with a limit, or because the
    process has ended.
    """
    found = patterns(call)
    if len(found) == 1 and _has_ended(found[0], call):
        return True
    if not (waits_for_one(call) and is_limited(call)):
        return False
    return all(is_tuple_of(pattern, ":DOWN") or _own_link(pattern, call) for pattern in found)


def as_a_call(call: Call) -> bool:
    """Whether it waits as `GenServer.call` does: with a limit, for an answer by the reference of a
    monitor and for that monitor's `:DOWN`, and for nothing else.
    """
    found = patterns(call)
    downs = [p.named_children for p in found if is_tuple_of(p, ":DOWN")]
    ref = text(downs[0][1]) if len(downs) == 1 and len(downs[0]) == 5 else ""
    return (
        len(found) > 1
        and ref.startswith("^")
        and is_limited(call)
        and all(ref in map(text, nodes.of_type(p, "unary_operator")) for p in found)
    )


def _has_ended(pattern: Node, call: Call) -> bool:
    """Whether it takes the `:DOWN` of a process whose `:EXIT` the clause around it has just taken:
    its monitor has that message ready.
    """
    if not (is_tuple_of(pattern, ":DOWN") and len(pattern.named_children) == 5):
        return False
    who = pattern.named_children[3]
    taken = (
        known
        for around in nodes.ancestors(call.node)
        if around.type == "stab_clause" and around.start_byte > call.owner.node.start_byte
        for known in nodes.clause_patterns(around)
        if is_tuple_of(known, ":EXIT")
    )
    return nodes.operator(who) == "^" and any(
        text(known.named_children[1]) == text(who) for known in taken
    )


def _own_link(pattern: Node, call: Call) -> bool:
    """Whether it tells the end of a process that the same clause has just made a link to."""
    who = pattern.named_children[1:2] if is_tuple_of(pattern, ":EXIT") else []
    name = text(who[0]).removeprefix("^") if who and nodes.operator(who[0]) == "^" else ""
    clause = call.owner.clause_at(call.start)
    return (
        clause is not None
        and any(
            name in _set_by(made)
            for made in clause.calls
            if made.name in _LINKS and made.start < call.start
        )
        and next(trap_flags(call.owner), None) is not None
    )


def _set_by(call: Call) -> set[str]:
    """Variables set to a part of what the call returns."""
    found = (above for above in nodes.ancestors(call.node) if nodes.operator(above) == "=")
    left = next((match.child_by_field_name("left") for match in found), None)
    return nodes.identifiers(left) if left is not None else set()


def is_limited(call: Call) -> bool:
    """Whether it has a time limit that ends."""
    limit = time_limit(call)
    return limit is not None and text(call.owner.value(limit)) != ":infinity"
