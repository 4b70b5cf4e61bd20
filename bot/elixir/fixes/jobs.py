"""What a started process does: the functions it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.written import Written

Key = tuple[str, str, int]
"""(module, name, arity) of a function."""


class CallGraph:
    """Calls between the project's own functions, followed from given places."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """The project's module of that name."""
        if name not in self._modules:
            known = name in self._project.modules
            self._modules[name] = self._project.module(name) if known else None
        return self._modules[name]

    def target(self, call: Call) -> Function | None:
        """The project's function a call reaches."""
        module = call.owner if call.module == call.owner.name else self.module(call.module)
        return module.local(call.name, call.arity) if module is not None else None

    def reached(self, calls: Iterable[Call]) -> set[Key]:
        """Every function that runs because of the calls."""
        return {key_of(f) for f in self.functions(calls)}

    def functions(
        self, calls: Iterable[Call], later: Callable[[Call], bool] = lambda _: False
    ) -> list[Function]:
        """The same as functions, nearest first; calls that run `later` are not followed."""
        found: dict[Key, Function] = {}
        queue = [c for c in calls if not later(c)]
        while queue:
            target = self.target(queue.pop(0))
            if target is not None and key_of(target) not in found:
                found[key_of(target)] = target
                queue.extend(c for c in target.calls if not later(c))
        return list(found.values())

    def recursive(self, function: Function) -> bool:
        """Whether the function can come to call itself."""
        return key_of(function) in self.reached(function.calls)


def key_of(function: Function) -> Key:
    """The function's key."""
    return function.module.name, function.name, function.arity


def job_calls(call: Call, graph: CallGraph) -> list[Call]:
    """The calls a started process begins with, as far as they can be seen."""
    found: list[Call] = []
    for argument in call.args:
        if argument.type in ("anonymous_function", "unary_operator", "call"):
            found.extend(calls_in(argument, call.owner))
    if len(call.args) >= 3:
        found.extend(_mfa(call.args[-3:], call.owner, graph))
    return found


def _mfa(args: list[Node], owner: Module, graph: CallGraph) -> Iterator[Call]:
    """`mod, :name, [a, b]` as calls: of any arity where the list is no literal."""
    if args[0].type != "alias" and nodes.text(args[0]) != "__MODULE__":
        return
    name = nodes.text(args[1]).removeprefix(":")
    module = graph.module(owner.scope.resolve(args[0]))
    for function in module.named(name) if module is not None else []:
        if args[2].type != "list" or args[2].named_child_count == function.arity:
            told = Written([], function.arity)
            yield Call(args[0], function.module.name, name, function.module, told=told)
