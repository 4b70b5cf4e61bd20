"""Functions that stand in for one of Elixir's own: what they start is their caller's choice."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause


def is_drop_in(start: Call, clause: Clause) -> bool:
    """Whether a public function ends with a call of its own name and arity, and hands on the work
    that it was given.
    """
    function, body = clause.function, nodes.statements(clause.body)
    alike = (start.name, start.arity) == (function.name, function.arity)
    if not alike or not function.public or not body or body[-1].id != start.node.id:
        return False
    given = {name for param in clause.params for name in nodes.identifiers(param)}
    return all(_comes_from(arg, given) for arg in start.args)


def _comes_from(arg: Node, given: set[str]) -> bool:
    if arg.type == "anonymous_function":
        # `fn -> prepare(); job.() end`: the work is what the caller gave.
        called = nodes.of_type(arg, "call")
        return any(text(c).startswith(tuple(f"{name}.(" for name in given)) for c in called)
    return bool(nodes.identifiers(arg) & given)
