"""Code after which nothing of its function runs."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.outline import Module


def always_raises(node: Node, module: Module) -> bool:
    """Whether it is a `raise` or a `throw`, or a call of an own function that does nothing else."""
    if nodes.operator(node) == "|>" and (right := node.child_by_field_name("right")) is not None:
        node = right
    if nodes.is_call_to(node, "raise", "reraise", "throw"):
        return True
    call = resolve(node, module) if node.type == "call" else None
    function = module.local(call.name, call.arity) if call is not None and call.local else None
    return function is not None and all(
        any(nodes.is_call_to(last, "raise", "reraise", "throw") for last in own.statements()[-1:])
        for own in function.clauses
    )
