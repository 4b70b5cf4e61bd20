"""What a server's `init/1` makes its state of."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.results import results


def initial_states(module: Module) -> Iterator[Node]:
    """The expressions that `init/1` gives as state; of a variable what it was set to, if seen."""
    function = module.functions.get(("init", 1))
    for clause in function.clauses if function is not None else ():
        for result in results(clause):
            parts = result.named_children if result.type == "tuple" else []
            if len(parts) > 1 and text(parts[0]) == ":ok":
                seen = value_of(Expression(parts[1], clause))
                yield seen.node if seen is not None else parts[1]


def struct_of(state: Node) -> str:
    """The struct's name as it is written; empty where a map, or anything else, is."""
    return next((text(c) for c in state.named_children if c.type == "struct"), "")


def keys_of(state: Node) -> list[str]:
    """The keys that stand in a map or struct."""
    content = next((c for c in state.named_children if c.type == "map_content"), None)
    return list(nodes.keyword_pairs(content))
