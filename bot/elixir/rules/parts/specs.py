"""What a function's `@spec`, or a guard, says of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module

_ATOM = re.compile(r"(?:^|::\s*)(?:atom|module|node|Application\.app)(?:\(\))?$")


def parameter_types(clause: Clause) -> dict[str, str]:
    """Types as written, by parameter as written but for its default; empty where there is no
    `@spec`. Of several the one that stands nearest above the clause is meant.
    """
    heads = [nodes.arguments(call) for call in _specified(clause.function)]
    fitting = [types for types in heads if len(types) == len(clause.params)]
    above = [types for types in fitting if _begins_before(types, clause)]
    if not fitting:
        return {}
    types = above[-1] if above else fitting[0]
    return {_named(p): text(t) for p, t in zip(clause.params, types, strict=True)}


def is_atom(name: str, clause: Clause) -> bool:
    """By its guard or `@spec`: one new atom for each that exists already."""
    guard = text(clause.guard) if clause.guard is not None else ""
    return (
        f"is_atom({name})" in guard
        or _ATOM.search(parameter_types(clause).get(name, "")) is not None
    )


def _begins_before(types: list[Node], clause: Clause) -> bool:
    return not types or types[0].start_byte < clause.node.start_byte


def _named(param: Node) -> str:
    return nodes.text_of(param, "left") if nodes.operator(param) == "\\\\" else text(param)


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
