"""How long a test may take, as it says itself."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.loose import loose_calls
from bot.elixir.nodes import text
from bot.elixir.outline import Function


def ends_by_a_tag(function: Function) -> bool:
    """Whether every test that calls it says how long it may take."""
    module = function.module
    if not module.source.places(b"timeout:"):
        return False
    inside = module.clauses_with(function.name.encode())
    elsewhere = any(
        module.local(c.name, c.arity) is function and c.module == module.name
        for clause in inside
        if clause.function is not function
        for c in clause.calls
    )
    calls = [
        c
        for c in loose_calls(module)
        if c.module == module.name and module.local(c.name, c.arity) is function
    ]
    return bool(calls) and not elsewhere and all(map(_stands_under_a_tag, calls))


def _stands_under_a_tag(call: Call) -> bool:
    test = next((a for a in nodes.ancestors(call.node) if nodes.is_call_to(a, "test")), None)
    above = test.prev_named_sibling if test is not None else None
    while above is not None and (above.type == "comment" or nodes.operator(above) == "@"):
        if nodes.operator(above) == "@" and _says_how_long(above):
            return True
        above = above.prev_named_sibling
    return False


def _says_how_long(attribute: Node) -> bool:
    said = attribute.child_by_field_name("operand")
    if said is None or not nodes.is_call_to(said, "tag"):
        return False
    limit = nodes.call_keywords(said).get("timeout")
    return limit is not None and text(limit) != ":infinity"
