"""What a started process does: the functions it runs, and whether it ever ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.facts import ModuleFacts
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project

_WAITS = frozenset({"receive", "Process.sleep", ":timer.sleep"})
_ENDLESS = frozenset({"Stream.interval", "Stream.repeatedly", "Stream.cycle"})


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

    def reached(self, calls: Iterable[Call]) -> set[tuple[str, str, int]]:
        """(module, name, arity) of every function that runs because of the calls."""
        return {_key(f) for f in self.functions(calls)}

    def functions(self, calls: Iterable[Call]) -> list[Function]:
        """The same as functions, nearest first."""
        found: dict[tuple[str, str, int], Function] = {}
        queue = list(calls)
        while queue:
            target = self.target(queue.pop(0))
            if target is not None and _key(target) not in found:
                found[_key(target)] = target
                queue.extend(target.calls)
        return list(found.values())

    def recursive(self, function: Function) -> bool:
        """Whether the function can come to call itself."""
        return _key(function) in self.reached(function.calls)


def _key(function: Function) -> tuple[str, str, int]:
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
            yield Call(args[0], function.module.name, name, [], function.arity, function.module)


def endless(call: Call, graph: CallGraph) -> str:
    """Why the started process looks like one that never ends by itself; empty if it does not."""
    direct = job_calls(call, graph)
    functions = graph.functions(direct)
    everything = [*direct, *(c for f in functions for c in f.calls)]
    if any(
        c.full in ("Process.sleep", ":timer.sleep") and "infinity" in nodes.text(c.node)
        for c in everything
    ):
        return "it sleeps for ever"
    stream = next((c.full for c in everything if c.full in _ENDLESS), "")
    if stream:
        return f"it runs an endless `{stream}`"
    for function in functions:
        if graph.recursive(function):
            if any(c.full in _WAITS for c in everything):
                return f"`{function.label}` waits and calls itself again"
            if all(_calls_itself(clause.calls, function, graph) for clause in function.clauses):
                return f"`{function.label}` calls itself in every clause"
    return ""


def _calls_itself(calls: list[Call], function: Function, graph: CallGraph) -> bool:
    return _key(function) in graph.reached(calls)


def without_supervisors(graph: CallGraph, project: Project) -> dict[tuple[str, str, int], str]:
    """Functions that may run while the application does not, with the entry that reaches them.

    Entries: Mix tasks, modules a release evaluates (they load the application without starting
    it), and the callbacks that run before or after the supervision tree is up.
    """
    found: dict[tuple[str, str, int], str] = {}
    for facts in project.facts:
        if facts.role != "lib" or not _may_enter(facts, project):
            continue
        module = graph.module(facts.name)
        for function in _entries(module, project) if module is not None else ():
            label = f"{facts.name}.{function.label}"
            for key in [_key(function), *graph.reached(function.calls)]:
                found.setdefault(key, label)
    return found


def _may_enter(facts: ModuleFacts, project: Project) -> bool:
    """A cheap look that spares most modules their syntax tree."""
    boot = facts.name in {app.callback for app in project.apps}
    return (
        boot
        or _offline(facts)
        or _release(facts)
        or b"Application.load" in project.files[facts.path]
    )


def _offline(facts: ModuleFacts) -> bool:
    return facts.implements("Mix.Task") or facts.name.startswith("Mix.Tasks.")


def _release(facts: ModuleFacts) -> bool:
    return facts.name.rpartition(".")[2] in ("Release", "ReleaseTasks")


def _entries(module: Module, project: Project) -> Iterator[Function]:
    facts = project.modules[module.name]
    offline, release = _offline(facts), _release(facts)
    boot = module.name in {app.callback for app in project.apps}
    for function in module.functions.values():
        loads = release or any(c.full == "Application.load" for c in function.calls)
        boots = boot and function.name in (
            "start",
            "start_phase",
            "prep_stop",
            "stop",
            "config_change",
        )
        if offline or loads or boots:
            yield function
