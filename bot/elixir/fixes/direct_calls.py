"""Code that calls a server's callbacks itself, and so expects what they return today."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tree_sitter import Node

from bot.elixir import grammar
from bot.elixir.callers import could_call, last_part
from bot.elixir.calls import Call
from bot.elixir.loose import loose_calls
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.scope import Import, Scope

Callback = tuple[str, int]
"""Name and arity."""


def called_directly(project: Project, module: Module, *callbacks: Callback) -> bool:
    """Whether code other than these callbacks calls one of them: by the module's name or any other
    name it has there, by an import, or in an example that a doctest runs.
    """
    paths = dict.fromkeys(p for name, _ in callbacks for p in _candidates(project, module, name))
    return any(_calls_one(project, path, module, callbacks) for path in paths)


def _candidates(project: Project, module: Module, name: str) -> Iterator[str]:
    yield module.source.path
    yield from could_call(module.name, name, project)
    last, called = last_part(module.name), b"." + name.encode()
    for path in project.texts.holding(last):
        if called in (data := project.texts[path]) and data.matches(_attribute(last)):
            yield path


@lru_cache(1_000)
def _attribute(last: bytes) -> re.Pattern[bytes]:
    """An attribute whose value is the module."""
    return re.compile(rb"@\w+[ (]+[\w.]{0,200}?\b" + re.escape(last) + rb"\b")


@lru_cache(100)
def _example(name: str) -> re.Pattern[bytes]:
    """A line of a doctest that calls a function of that name."""
    return re.compile(
        rb"(?:iex|\.\.\.)(?:\(\d+\))?>[^\n]*(?<![\w:])" + re.escape(name.encode()) + rb"\("
    )


def _calls_one(
    project: Project, path: str, module: Module, callbacks: tuple[Callback, ...]
) -> bool:
    data = project.texts[path]
    if any(data.matches(_example(name)) for name, _ in callbacks):
        return True
    calls = [c for m in project.modules_in(path) for c in _calls(m, callbacks)]
    imports = [i for m in project.modules_in(path) for i in _imports(m)]
    return any(
        (call.name, call.arity) in callbacks and _reaches(call, module, imports, project)
        for call in calls
    )


def _calls(module: Module, callbacks: tuple[Callback, ...]) -> Iterator[Call]:
    for clause in module.all_clauses():
        if (clause.function.name, clause.function.arity) not in callbacks:
            yield from clause.calls
    yield from loose_calls(module)


def _reaches(call: Call, module: Module, imports: list[Import], project: Project) -> bool:
    if call.module:
        # A short name that nothing here explains is an alias that a `use` brings.
        short = call.module == last_part(module.name).decode()
        return call.module == module.name or (short and call.module not in project.modules)
    if not call.local:
        return _value(call) == module.name
    label = f"{call.name}/{call.arity}"
    return any(
        entry.module == module.name
        and label not in entry.excluded
        and (entry.only is None or label in entry.only)
        for entry in imports
    )


def _value(call: Call) -> str:
    """The module that stands in the attribute a function is called on."""
    value = call.owner.attributes.get(call.receiver.removeprefix("@"))
    return call.owner.scope.resolve(value) if value is not None else ""


def _imports(module: Module) -> Iterator[Import]:
    """The imports around the module's code and in it."""
    scope: Scope | None = module.scope
    while scope is not None:
        yield from scope.imports
        scope = scope.outer
    for call in _directives(module.node):
        inner = Scope(module=module.name, outer=module.scope)
        inner.directive("import", call)
        yield from inner.imports


def _directives(node: Node) -> Iterator[Node]:
    found = grammar.captures("(call target: (identifier) @n)", node)
    for name in found:
        if text(name) == "import" and name.parent is not None:
            yield name.parent
