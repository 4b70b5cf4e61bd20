"""What a function's `@spec` says of its parameters."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Clause


def parameter_types(clause: Clause) -> dict[str, str]:
    """Types as written, by parameter as written; empty where there is no `@spec`."""
    function = clause.function
    body = function.module.body
    for node in body.named_children if body is not None else ():
        if nodes.operator(node) != "@" or not text(node).startswith("@spec"):
            continue
        for call in nodes.of_type(node, "call"):
            types = nodes.arguments(call)
            if nodes.is_call_to(call, function.name) and len(types) == len(clause.params):
                return {text(p): text(t) for p, t in zip(clause.params, types, strict=True)}
    return {}
