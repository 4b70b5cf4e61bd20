"""Servers that a pool lends to one caller at a time."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.expressions import assignments
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project

_OPTION = b"worker_module"
"""How poolboy is told what its workers are."""
_STEPS = 3
"""Variables that the option may be made of, one out of the other."""


def is_pool_worker(module: Module, project: Project) -> bool:
    """Whether a pool of the project has the module for its workers."""
    return module.name in project.once(_named, lambda view: frozenset(_named(view)))


def _named(project: Project) -> Iterator[str]:
    """All modules that the option could stand for."""
    for path in project.lib_holding(_OPTION):
        for module in project.modules_in(path):
            for clause in module.clauses_with(_OPTION):
                for value in _given(clause):
                    yield from _modules(value, clause, _STEPS)


def _given(clause: Clause) -> Iterator[Node]:
    """What the option is set to, in a keyword or, as Erlang writes it, in a tuple of two."""
    for pair in nodes.of_type(clause.node, "pair"):
        value = pair.child_by_field_name("value")
        if nodes.text_of(pair, "key").strip() == f"{_OPTION.decode()}:" and value is not None:
            yield value
    for pair in nodes.of_type(clause.node, "tuple"):
        elements = pair.named_children
        if len(elements) == 2 and text(elements[0]) == f":{_OPTION.decode()}":
            yield elements[1]


def _modules(value: Node, clause: Clause, steps: int) -> Iterator[str]:
    scope = clause.function.module.scope
    if text(value) == "__MODULE__":
        yield clause.function.module.name
    yield from (scope.resolve(alias) for alias in nodes.of_type(value, "alias"))
    for name in nodes.identifiers(value) if steps else ():
        for before in assignments(name, clause):
            yield from _modules(before, clause, steps - 1)
