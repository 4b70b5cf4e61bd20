"""Code that is there only where software is built: parts of Mix, of ExDoc, of tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.context import is_test_support
from bot.elixir.mix_deps import declared
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.parts.configuring import shipped_configuration
from bot.elixir.runners import Run, runs

_PLUGS = ("Mix.SCM", "Mix.RemoteConverger")
_ADDS = frozenset({"Mix.SCM.append", "Mix.SCM.prepend", "Mix.RemoteConverger.register"})
_LOADED = ("Code.ensure_loaded?", "Code.ensure_compiled")
_STARTS = (b"Mix.start", b":mix")
_AS_AN_APPLICATION = frozenset(
    f"{owner}.{name}"
    for owner in ("Application", ":application")
    for name in ("ensure_all_started", "ensure_started", "start")
)
_MOST_FUNCTIONS = 30
"""Functions of a helper that are looked at."""
_SERVES = ("Plug", "Application", "Supervisor")


def plugs_in(module: Module, project: Project) -> bool:
    """Whether its application implements how Mix fetches dependencies, or registers such a part."""
    own = project.app_of(module.source.path)
    return own in project.once("plugs-into-mix", lambda view: list(_plugged(view)))


def _plugged(project: Project) -> Iterator[object]:
    for path in project.lib_holding(*(word.encode() for word in _PLUGS)):
        for module in project.modules_in(path):
            clauses = module.clauses_with(b"Mix.SCM.", b"Mix.RemoteConverger.")
            if any(map(module.implements, _PLUGS)) or any(
                call.full in _ADDS and not call.in_quote for c in clauses for call in c.calls
            ):
                yield project.app_of(path)


def is_for_docs(module: Module) -> bool:
    """Whether it implements a behaviour of ExDoc, which runs in `mix docs`."""
    return any(name.startswith("ExDoc.") for name in module.behaviours)


def needs_a_tool(module: Module, project: Project) -> bool:
    """Whether it is defined only where a dependency is loaded that no release has."""
    asked = {name.partition(".")[0].lower() for name in _asked_for(module)}
    return bool(asked) and not asked.isdisjoint(_tools(module, project))


def _asked_for(module: Module) -> Iterator[str]:
    """Modules that must be loaded for this one to be defined."""
    for around in nodes.ancestors(module.node):
        block = nodes.do_block(around) if nodes.is_call_to(around, "if") else None
        if block is None or any(
            part.type == "else_block" and nodes.contains(part, module.node)
            for part in block.named_children
        ):
            continue
        for condition in nodes.arguments(around)[:1]:
            yield from _loaded(condition, module)


def _loaded(condition: Node, module: Module) -> Iterator[str]:
    if nodes.operator(condition) in ("or", "||", "not", "!"):
        return
    for call in calls_in(condition, module):
        if call.full in _LOADED:
            yield from (module.scope.resolve(argument) for argument in call.args)


def _tools(module: Module, project: Project) -> frozenset[str]:
    """Dependencies of its mix.exs that are not for production, as modules may begin with them."""
    app = project.app_of(module.source.path)
    path = app.mix_file if app is not None else ""
    if not path or b"only:" not in project.texts[path]:
        return frozenset()
    listed = declared(project.source(path)).dependencies
    return frozenset(d.name.replace("_", "") for d in listed if d.only and "prod" not in d.only)


def runs_under_mix(clause: Clause, project: Project) -> bool:
    """Whether every way to it begins in a Mix task, a test, or the configuration of a build, or
    a compiler of Mix comes to it and nothing that serves is seen to.
    """
    ways = list(runs(clause.function, project))
    if not ways or not (
        all(map(_by_mix, ways)) or _by_a_compiler(ways) or _only_of_a_helper(ways, clause, project)
    ):
        return False
    return not shipped_configuration(clause.function, project)


def _only_of_a_helper(ways: list[Run], clause: Clause, project: Project) -> bool:
    """Whether nobody here calls it, and it stands in a module without documentation of which Mix
    tasks alone use the rest.
    """
    module = clause.function.module
    doc = module.attributes.get("moduledoc")
    hidden = doc is not None and nodes.code(doc).split()[-1] == "false"
    if not hidden or module.uses or any(way.function.module is not module for way in ways):
        return False
    others = [
        way
        for function in list(module.functions.values())[:_MOST_FUNCTIONS]
        if function.kind == "def"
        for way in runs(function, project)
        if way.function.module is not module
    ]
    return bool(others) and all(map(_by_mix, others))


def _by_mix(way: Run) -> bool:
    module = way.function.module
    task = module.name.startswith("Mix.Tasks.") or module.implements("Mix.Task")
    return task or is_test_support(module)


def _by_a_compiler(ways: Iterable[Run]) -> bool:
    """Whether a compiler of Mix comes to it, and else at most functions that nobody here calls and
    that stand in no module of a server, a plug or another framework.
    """
    compiled = False
    for way in ways:
        module = way.function.module
        if module.name.startswith("Mix.Tasks."):
            compiled = compiled or module.name.startswith("Mix.Tasks.Compile.")
        elif way.server or way.startup or module.uses or any(map(module.implements, _SERVES)):
            return False
    return compiled


def starts_mix(project: Project) -> bool:
    """Whether code of the project starts Mix, or its application: that fails where Mix is not."""
    return any(
        _is_start(call) and not call.in_quote
        for path in project.lib_holding(*_STARTS)
        for module in project.modules_in(path)
        if not module.name.startswith("Mix.") and not is_test_support(module)
        for clause in module.clauses_with(*_STARTS)
        for call in clause.calls
    )


def _is_start(call: Call) -> bool:
    if call.full in _AS_AN_APPLICATION:
        return bool(call.args) and nodes.text(call.args[0]) == ":mix" and _must_succeed(call)
    return call.full == "Mix.start" and call.arity == 0


def _must_succeed(call: Call) -> bool:
    """Whether what comes after it runs only where it answered `:ok` or `{:ok, _}`."""
    around = call.node.parent
    if around is None or nodes.operator(around) not in ("=", "<-"):
        return False
    return nodes.text_of(around, "left").replace(" ", "").startswith((":ok", "{:ok,"))
