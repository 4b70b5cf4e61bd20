"""Whether the code shows that a value comes from outside the program."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import calls_in
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause

_REQUEST = ":cowboy_req"
"""Asked for any part of a request, it gives what the client wrote: also for the scheme."""


def outside(value: Node, clause: Clause, direct: bool = True) -> str:
    """Why the value comes from outside the program; empty where that is not shown."""
    if value.type == "identifier":
        name = text(value)
        if any(name in _string_keyed(scope) for scope in _patterns(value, clause)):
            return f"`{name}` is taken from a map with string keys, as decoded input has"
        params = {text(p) for p in clause.params}
        if direct and name in params and clause.function.kind == "def" and _says_text(name, clause):
            return f"`{name}` is whatever text a caller of `{clause.function.label}` passes"
    for access in nodes.of_type(value, "access_call"):
        key = access.child_by_field_name("key")
        if key is None or key.type != "string":
            continue
        return f"`{text(access)}` is read by a string key, as decoded input has"
    for call in calls_in(value, clause.function.module) if _REQUEST in text(value) else ():
        if call.module == _REQUEST:
            return f"`{text(call.node)}` is what the client sent"
    return ""


def _says_text(name: str, clause: Clause) -> bool:
    guard = text(clause.guard) if clause.guard is not None else ""
    return any(f"{test}({name})" in guard for test in ("is_binary", "is_bitstring"))


def _patterns(value: Node, clause: Clause) -> Iterator[Node]:
    yield from clause.params
    for ancestor in nodes.ancestors(value):
        if ancestor.start_byte < clause.node.start_byte:
            return
        if (
            ancestor.type == "stab_clause"
            and (left := ancestor.child_by_field_name("left")) is not None
        ):
            yield left


def _string_keyed(pattern: Node) -> set[str]:
    pairs = [(n.child_by_field_name("left"), n) for n in operations(pattern, "=>")]
    return {
        nodes.text_of(n, "right") for key, n in pairs if key is not None and key.type == "string"
    }
