"""Where the same code starts a process, and whether that process traps exits."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import STARTS_PROCESS, Call, calls_in, resolve
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import callbacks, reached
from bot.elixir.rules.parts.standing import receivers_of_closures
from bot.elixir.trapping import is_trap_flag

_SUPERVISORS = frozenset(
    {
        "Supervisor", "DynamicSupervisor", "Task.Supervisor", "PartitionSupervisor", "Registry",
        "ConsumerSupervisor", "Broadway", ":supervisor",
    }
)  # fmt: skip
"""Modules of libraries whose `start_link` starts a process that traps exits."""
_TRAPS_NOTHING = ("Agent", "Task")
_WHEREIS = frozenset({"Process.whereis", "GenServer.whereis", ":erlang.whereis"})
_FIRST = (("init", 1), ("handle_continue", 2))


def start_of(call: Call, around: Node) -> Call | None:
    """The call that starts the process which `call` is given first, where the same code does so."""
    named = _name_of(call.args[0], around, call)
    if named is not None:
        return _start_under(named, around, call)
    value = _bound_to(text(call.args[0]), around, call)
    return resolve(value, call.owner) if value is not None else None


def traps(start: Call, signal: Call, project: Project) -> bool:
    """Whether the started process traps exits: of itself, or as a server its starter signals."""
    if start.full in STARTS_PROCESS:
        return _job_traps(start)
    # Only a signal of the parent ends a server that traps exits.
    if not by_its_parent(start, signal):
        return False
    return _is_supervisor(start.module) or _server_traps(_started_module(start), project)


def is_unknown(start: Call, project: Project) -> bool:
    """Whether nothing is seen of the process it starts: neither that it traps exits nor that it
    does not.
    """
    if start.full in STARTS_PROCESS or start.module in _TRAPS_NOTHING:
        return False
    name = _started_module(start) if start.name.startswith("start") else ""
    facts = project.modules.get(name)
    if facts is None or _server_traps(name, project):
        return True
    starts = (c for f in _start_functions(project.module(name)) for c in f.calls)
    return not any(c.name.startswith("start") for c in starts)


def by_its_parent(start: Call, signal: Call) -> bool:
    """Whether the process that starts it sends the signal, which ends a server that traps exits."""
    cleans_up = "on_exit" in receivers_of_closures(signal)
    return start.name == "start_link" and not cleans_up and start.runs_in == signal.runs_in


def _is_supervisor(name: str) -> bool:
    """Whether it is one of the platform's, or calls itself one: each traps exits."""
    return name in _SUPERVISORS or name.endswith("Supervisor")


def _started_module(start: Call) -> str:
    """The callback module, which `GenServer.start_link` takes first."""
    first = start.args[0] if start.args else None
    if start.module in ("GenServer", "GenStage", "GenStateMachine") and first is not None:
        return start.owner.scope.resolve(first) if first.type == "alias" else ""
    return start.module


def _server_traps(name: str, project: Project) -> bool:
    facts = project.modules.get(name)
    if facts is None:
        return False
    if any(facts.implements(supervisor) for supervisor in _SUPERVISORS):
        return True
    module = project.module(name)
    starts = (c for f in _start_functions(module) for c in f.calls if c.name == "start_link")
    if any(c.module in _SUPERVISORS for c in starts):
        return True
    steps = reached(callbacks(module, _FIRST))
    return any(is_trap_flag(c) and not c.runs_in for step in steps for c in step.clause.calls)


def _start_functions(module: Module) -> list[Function]:
    return [f for f in module.functions.values() if f.name == "start_link"]


def _job_traps(start: Call) -> bool:
    module = start.owner
    inside = calls_in(start.node, module)
    if any(is_trap_flag(c) for c in inside):
        return True
    helpers = [module.local(c.name, c.arity) for c in inside if c.module == module.name]
    return any(is_trap_flag(c) for helper in helpers if helper is not None for c in helper.calls)


def _name_of(node: Node, around: Node, before: Call) -> str | None:
    """The registered name by which `whereis` found the process; `None` where it did not."""
    value = _bound_to(text(node), around, before) if node.type == "identifier" else node
    found = resolve(value, before.owner) if value is not None and value.type == "call" else None
    if value is not None and nodes.operator(value) == "|>":
        last = value.child_by_field_name("right")
        found = resolve(last, before.owner) if last is not None else None
    if found is None or found.full not in _WHEREIS or not found.args:
        return None
    return _static(found.args[0], before.owner)


def _start_under(name: str, around: Node, before: Call) -> Call | None:
    """The last start before of a module or a process with that name."""
    found = [
        c
        for c in calls_in(around, before.owner)
        if c.name == "start_link" and c.start < before.start and name in _names(c)
    ]
    return found[-1] if found else None


def _names(start: Call) -> set[str]:
    given = start.keywords().get("name")
    return {start.module} if given is None else {_static(given, start.owner)}


def _static(node: Node, module: Module) -> str:
    return module.scope.resolve(node) if node.type in ("alias", "atom") else text(node)


def _bound_to(name: str, around: Node, before: Call) -> Node | None:
    """What the name was last matched with before."""
    for match in reversed(operations(around, "=")):
        left, right = match.child_by_field_name("left"), match.child_by_field_name("right")
        if left is None or right is None or match.end_byte > before.start:
            continue
        if name in nodes.identifiers(left) and (
            right.type == "call" or nodes.operator(right) == "|>"
        ):
            return right
    return None
