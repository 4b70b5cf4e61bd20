"""What a function's `@spec` says of its parameters."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module


def parameter_types(clause: Clause) -> dict[str, str]:
    """Types as written, by parameter as written; empty where there is no `@spec`."""
    for call in _specified(clause.function):
        types = nodes.arguments(call)
        if len(types) == len(clause.params):
            return {text(p): text(t) for p, t in zip(clause.params, types, strict=True)}
    return {}


def _specified(function: Function) -> list[Node]:
    """The heads in its module's `@spec`s that have the function's name."""
    memo = function.module.memo
    if _specified not in memo:
        memo[_specified] = list(_specs(function.module))
    return [call for call in memo[_specified] if nodes.is_call_to(call, function.name)]


def _specs(module: Module) -> Iterator[Node]:
    for node in module.body.named_children if module.body is not None else ():
        if nodes.operator(node) == "@" and text(node).startswith("@spec"):
            yield from nodes.of_type(node, "call")
