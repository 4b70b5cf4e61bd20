"""Functions that a framework runs once per request, event, message or job."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project

_ENTRIES = {
    ":live_view": {("mount", 3), ("handle_params", 3), ("handle_event", 3), ("handle_info", 2)},
    ":live_component": {("update", 2), ("handle_event", 3)},
    ":channel": {("join", 3), ("handle_in", 3), ("handle_info", 2)},
}
"""By what `use MyWeb, :kind` says the module is; of a controller every public function of two
parameters is one."""

_BEHAVIOURS = {
    "Plug": {("call", 2)},
    "Plug.Router": {("call", 2)},
    "Phoenix.LiveView": _ENTRIES[":live_view"],
    "Phoenix.LiveComponent": _ENTRIES[":live_component"],
    "Phoenix.Channel": _ENTRIES[":channel"],
    "Oban.Worker": {("perform", 1)},
    "Oban.Pro.Worker": {("process", 1)},
}


def is_request_entry(function: Function) -> bool:
    """Whether a framework runs it for each request, event or job, in a process of that one."""
    module, key = function.module, (function.name, function.arity)
    if not function.public:
        return False
    kinds = _kinds(module)
    if ":controller" in kinds or module.use("Phoenix.Controller") is not None:
        return function.arity == 2
    return any(key in _ENTRIES.get(kind, ()) for kind in kinds) or any(
        key in keys for behaviour, keys in _BEHAVIOURS.items() if module.implements(behaviour)
    )


def _kinds(module: Module) -> set[str]:
    """The atoms that `use MyWeb, :kind` lines give."""
    given = [nodes.arguments(use.node) for use in module.uses]
    return {text(args[1]) for args in given if len(args) > 1 and args[1].type == "atom"}


def is_callback_of_the_project(function: Function, project: Project) -> bool:
    """Whether it is there for a behaviour that the project itself declares: code which has the
    module in a variable calls it, in processes that are not seen here.
    """
    if not function.public or is_request_entry(function):
        return False
    for name in function.module.behaviours:
        facts = project.modules.get(name)
        if facts is not None and _declares(project.module(name), function):
            return True
    return False


def _declares(behaviour: Module, function: Function) -> bool:
    """Whether a behaviour asks for a function of that name and number of parameters."""
    for node in nodes.statements(behaviour.body):
        if nodes.operator(node) != "@" or not text(node).startswith("@callback"):
            continue
        for spec in operations(node, "::"):
            head = spec.child_by_field_name("left")
            if head is not None and nodes.is_call_to(head, function.name):
                return len(nodes.arguments(head)) == function.arity
    return False
