"""Where code runs without the application's supervisors, and what the children of a list run."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.child_specs import ChildFacts
from bot.elixir.facts import ModuleFacts
from bot.elixir.fixes.child_list import root_module
from bot.elixir.fixes.jobs import CallGraph, Key, key_of
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY, is_server


def without_supervisors(graph: CallGraph, project: Project) -> dict[Key, str]:
    """Functions that may run while the application does not, with the entry that reaches them.

    Entries: Mix tasks, modules a release evaluates (they load the application without starting
    it), and the callbacks that run before or after the supervision tree is up. What a child
    specification holds is run by the supervisor, in the order of its list.
    """
    found: dict[Key, str] = {}
    for facts in project.facts:
        if facts.role != "lib" or not _may_enter(facts, project):
            continue
        module = graph.module(facts.name)
        for function in _entries(module, project) if module is not None else ():
            label = f"{facts.name}.{function.label}"
            reached = graph.functions(function.calls, later=lambda c: in_child(c, project))
            for target in (function, *reached):
                found.setdefault(key_of(target), label)
    return found


_OWN_TREE = (
    "GenServer", "GenStage", "GenStateMachine", "Supervisor", "DynamicSupervisor", "Agent", "Task",
    "Registry", "Application", "Mix", "Plug", "Phoenix", "Ecto", "Oban", "Broadway", "Absinthe",
    "Enumerable", "Collectable", "Access", "Exception", "gen_server", "gen_statem", "gen_event",
    "supervisor", "ThousandIsland", "WebSock", "Bandit",
)  # fmt: skip
"""First names of behaviours whose callbacks run in processes that the user's own tree starts."""


def foreign_callbacks(graph: CallGraph, project: Project) -> dict[Key, str]:
    """Functions that a process of another application may run, with what says so.

    Such a process can be there before the user's tree is up, and after it is down.
    """
    found: dict[Key, str] = {}
    for facts in project.facts:
        declared = [b for b in facts.behaviours if _foreign(b, project)]
        module = graph.module(facts.name) if facts.role == "lib" and declared else None
        for function in module.functions.values() if module is not None else ():
            ours = (function.name, function.arity) in BUSY and is_server(function.module)
            if ours or not function.public or _called(function, project, graph):
                continue
            said = f"`{facts.name}.{function.label}` is a callback of `{declared[0]}`"
            for target in (function, *graph.functions(function.calls)):
                found.setdefault(key_of(target), said)
    return found


def _foreign(behaviour: str, project: Project) -> bool:
    return (
        behaviour not in project.modules
        and behaviour.removeprefix(":").partition(".")[0] not in _OWN_TREE
    )


def _called(function: Function, project: Project, graph: CallGraph) -> bool:
    """Whether the project calls the function itself: then it is no callback, or not only one."""
    name = function.name.encode()
    for facts in project.facts:
        if facts.role != "lib" or name not in project.files[facts.path]:
            continue
        module = graph.module(facts.name)
        calls = [c for clause in module.clauses_with(name) for c in clause.calls] if module else []
        if any(graph.target(c) is function for c in calls if c.name == function.name):
            return True
    return False


def _may_enter(facts: ModuleFacts, project: Project) -> bool:
    """A cheap look that spares most modules their syntax tree."""
    boot = facts.name in _boots(project)
    return (
        boot
        or _offline(facts)
        or _release(facts)
        or b"Application.load" in project.files[facts.path]
    )


def _boots(project: Project) -> set[str]:
    """Callback modules, and those whose `init/1` lists what comes first."""
    roots = [root_module(project, app) for app in project.apps if app.callback]
    return {app.callback for app in project.apps} | {root.name for root in roots if root}


def _offline(facts: ModuleFacts) -> bool:
    return facts.implements("Mix.Task") or facts.name.startswith("Mix.Tasks.")


def _release(facts: ModuleFacts) -> bool:
    return facts.name.rpartition(".")[2] in ("Release", "ReleaseTasks")


_AROUND = ("start", "start_phase", "prep_stop", "stop", "config_change")


def _entries(module: Module, project: Project) -> Iterator[Function]:
    facts = project.modules[module.name]
    offline, release = _offline(facts), _release(facts)
    callback = module.name in {app.callback for app in project.apps}
    root = not callback and module.name in _boots(project)
    for function in module.functions.values():
        loads = release or any(c.full == "Application.load" for c in function.calls)
        boots = (callback and function.name in _AROUND) or (root and function.name == "init")
        if offline or loads or boots:
            yield function


def in_child(call: Call, project: Project) -> bool:
    """Whether the call stands in a function value of a child specification: the child runs it."""
    facts = project.modules.get(call.owner.name)
    if facts is None or facts.path != call.owner.source.path:
        return False
    spans = [(c.start, c.end) for listing in facts.child_lists for c in listing.children]
    return any(start <= call.start < end and _kept(call, start) for start, end in spans)


def _kept(call: Call, start: int) -> bool:
    return any(
        above.type == "anonymous_function" or nodes.operator(above) == "&"
        for above in nodes.ancestors(call.node)
        if above.start_byte >= start
    )


def run_by_child(graph: CallGraph, project: Project, owner: str, child: ChildFacts) -> set[str]:
    """Modules that run in a child as soon as it starts, through functions in its specification."""
    module = graph.module(owner)
    if module is None or project.modules[owner].path != module.source.path:
        return set()
    inside = [
        call
        for clause in module.all_clauses()
        for call in clause.calls
        if child.start <= call.start < child.end
    ]
    direct = [call for call in inside if _kept(call, child.start)]
    return {name for name, _, _ in graph.reached(direct)}
