"""The shape of a `receive`: what it waits for, and for how long."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text


def is_receive(call: Call) -> bool:
    """Whether a call is a `receive` block of code that runs here."""
    if call.name != "receive" or not call.local or call.in_quote:
        return False
    return nodes.do_block(call.node) is not None


def patterns(receive: Call) -> list[Node]:
    """The messages a `receive` takes."""
    found = nodes.clauses(nodes.do_block(receive.node))
    return [pattern for stab in found for pattern in nodes.clause_patterns(stab)]


def time_limit(receive: Call) -> Node | None:
    """What stands left of the arrow in `after`; `None` where it waits for ever."""
    block = nodes.do_block(receive.node)
    for part in block.named_children if block is not None else ():
        if part.type == "after_block":
            for stab in nodes.clauses(part):
                return next(iter(nodes.clause_patterns(stab)), None)
    return None


def only_flushes(receive: Call) -> bool:
    """Whether it takes what is already there and waits for nothing: `after 0`."""
    limit = time_limit(receive)
    return limit is not None and text(limit) == "0"


def waits_for_one(receive: Call) -> bool:
    """Whether each message it takes is told by a pinned value or a guard, as an answer is."""
    found = patterns(receive)
    return bool(found) and all(is_pinned(pattern) for pattern in found)


def is_tuple_of(pattern: Node, tag: str) -> bool:
    """Whether a pattern is a tuple that begins with that atom."""
    first = pattern.named_children[:1] if pattern.type == "tuple" else []
    return any(text(node) == tag for node in first)


def is_pinned(pattern: Node) -> bool:
    """Whether a pattern of a `receive` holds a pinned value, or a guard compares one."""
    if any(nodes.operator(n) == "^" for n in nodes.of_type(pattern, "unary_operator")):
        return True
    above = pattern.parent
    guarded = above if above is not None and nodes.operator(above) == "when" else None
    if guarded is None and above is not None and above.type == "arguments":
        outer = above.parent
        guarded = outer if outer is not None and nodes.operator(outer) == "when" else None
    guard = guarded.child_by_field_name("right") if guarded is not None else None
    return guard is not None and "==" in text(guard)
