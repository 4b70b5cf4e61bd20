"""Tests for work that left `init/1`: a dependency that holds its answer back, or a trace of the
order.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.blocking import Blocking, blocking
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import assignments
from bot.elixir.fixes import instances
from bot.elixir.fixes.base import Declined, GeneratedTest
from bot.elixir.fixes.init_flow import Flow
from bot.elixir.fixes.instances import argument
from bot.elixir.fixes.render import render
from bot.elixir.fixes.test_files import test_file
from bot.elixir.module import Clause
from bot.elixir.nodes import text
from bot.elixir.project import Project

LONGEST_SLEEP = 5_000
"""Milliseconds; a generated test does not sit out more."""
_READS = frozenset({"Keyword.get", "Keyword.fetch!", "Map.get", "Map.fetch!"})


@dataclass(frozen=True)
class _Injected:
    argument: str
    loaded: str
    waited: str
    observed: str


def test(project: Project, flow: Flow) -> GeneratedTest | Declined:
    """Behavioural where the dependency comes with the argument, traced where the work can run in
    a test.
    """
    init = flow.init
    app = project.app_of(init.function.module.source.path)
    if app is None:
        return Declined("the file belongs to no application")
    if instances.claims_names(init):
        return Declined(
            "`init/1` takes a name of its own, which the application's instance holds already"
        )
    file = test_file(project, app, init.function.module.name, "init")
    shared = {"test_module": file.module, "module": init.function.module.name}
    injected = _injected(flow)
    if injected is not None:
        code = render("blocking_init_injected", **shared, **vars(injected))
        return GeneratedTest(file.path, code, "behavioural", "expected the loaded value, got")
    suspended = _suspended(project, flow)
    if suspended is not None:
        code = render("blocking_init_suspended", **shared, **suspended)
        return GeneratedTest(file.path, code, "behavioural", "only_once_the_dependency_was_resumed")
    traced = _traced(project, flow)
    if isinstance(traced, Declined):
        return traced
    code = render("blocking_init_traced", **shared, **traced)
    return GeneratedTest(file.path, code, "traced", "the slow work began before the start was over")


def _injected(flow: Flow) -> _Injected | None:
    for statement, call in _waiting(flow):
        if call.kind != "process" or not call.call.args or call.call.runs_in:
            continue
        given = _argument_with(flow.init, call.call.args[0])
        seen = _observed(flow, statement, call.call)
        if given is not None and seen is not None:
            shape, observed = seen
            return _Injected(
                given, shape.replace("?", ":loaded"), shape.replace("?", ":start_waited"), observed
            )
    return None


def _suspended(project: Project, flow: Flow) -> dict[str, str] | None:
    """A process of the application's tree that the work asks by name, with a plain request."""
    for statement, waits in _waiting(flow):
        call = waits.call
        if call.full != "GenServer.call" or call.args[0].type != "alias":
            continue
        name = flow.init.function.module.scope.resolve(call.args[0])
        seen, given = _observed(flow, statement, call), argument(project, flow.init)
        plain = all(instances.is_literal(a) for a in call.args[1:])
        running = name in project.child_modules and name in project.modules
        if running and plain and given is not None and seen is not None and seen[0] == "?":
            asked = f"GenServer.call({name}, {', '.join(text(a) for a in call.args[1:])})"
            return {
                "dependency": name,
                "argument": given,
                "observed": seen[1],
                "expected": asked,
            }
    return None


def _waiting(flow: Flow) -> list[tuple[Node, Blocking]]:
    module = flow.init.function.module
    away = (*flow.moved, *(value for _, value in flow.fields))
    return [(n, b) for n in away for c in calls_in(n, module) if (b := blocking(c)) is not None]


def _argument_with(init: Clause, server: Node) -> str | None:
    """An argument for `init/1` that makes the process under test ask `dependency`."""
    param = init.params[0]
    value: Node = server
    if server.type == "identifier":
        if text(param) == text(server):
            return "dependency"
        keyed = [k for k, v in _pattern(param).items() if text(v) == text(server)]
        if keyed and len(_pattern(param)) == 1:
            pair = f"{keyed[0]}: dependency"
            return f"%{{{pair}}}" if param.type == "map" else f"[{pair}]"
        values = assignments(text(server), init)
        if len(values) != 1:
            return None
        value = values[0]
    key = _key(init, value)
    if key is None or param.type != "identifier":
        return None
    return f"[{key}: dependency]" if instances.only_optional(init, except_key=key) else None


def _pattern(param: Node) -> dict[str, Node]:
    if param.type == "map":
        return nodes.keyword_pairs(next(iter(param.named_children), None))
    return nodes.keyword_pairs(param) if param.type == "list" else {}


def _key(init: Clause, value: Node) -> str | None:
    """The option a value is read from: `opts[:source]`, `Keyword.fetch!(opts, :source)`."""
    name = text(init.params[0])
    if value.type == "access_call":
        parts = value.named_children
        fits = len(parts) == 2 and text(parts[0]) == name and parts[1].type == "atom"
        return text(parts[1])[1:] if fits else None
    for call in init.calls:
        if call.node.id == value.id and call.full in _READS and call.args[1].type == "atom":
            return text(call.args[1])[1:] if text(call.args[0]) == name else None
    return None


def _observed(flow: Flow, statement: Node, call: Call) -> tuple[str, str] | None:
    """(the answer with `?` for the value, where the state shows the value)."""
    if statement.id == call.node.id:
        key = next((k for k, v in flow.fields if v.id == statement.id), None)
        return ("?", f"state.{key}") if key is not None else None
    left, right = statement.child_by_field_name("left"), statement.child_by_field_name("right")
    if (
        nodes.operator(statement) != "="
        or left is None
        or right is None
        or right.id != call.node.id
    ):
        return None
    name, shape = text(left), "?"
    if (
        left.type == "tuple"
        and len(left.named_children) == 2
        and text(left.named_children[0]) == ":ok"
    ):
        name, shape = text(left.named_children[1]), "{:ok, ?}"
    key = next((k for k, v in flow.fields if text(v) == name), None)
    if key is not None:
        return shape, f"state.{key}"
    state = flow.endings[0].state
    whole = len(flow.endings) == 1 and state is not None and text(state) == name
    return (shape, "state") if whole and name.isidentifier() else None


def _traced(project: Project, flow: Flow) -> dict[str, str] | Declined:
    waits = next((b for _, b in _waiting(flow) if not b.call.runs_in), None)
    if waits is None:
        return Declined(
            "the waiting happens in a function of the module: only re-detection shows it gone"
        )
    if waits.kind not in ("sleep", "program"):
        return Declined(f"the work needs {waits.title}, which a test on its own does not have")
    if waits.kind == "sleep" and not _short(waits.call):
        return Declined(
            f"a test does not sit out a sleep that is not known to end within {LONGEST_SLEEP} ms"
        )
    given = argument(project, flow.init)
    if given is None:
        return Declined("the argument `init/1` needs cannot be made up in a test")
    return {
        "slow_module": waits.call.module,
        "slow_function": f":{waits.call.name}",
        "argument": given,
        "observed": _anything_loaded(flow),
    }


def _anything_loaded(flow: Flow) -> str:
    if flow.mode == "fields":
        return f"state.{flow.fields[0][0]}"
    return "state" if flow.mode == "whole" and flow.before == "nil" else ""


def _short(call: Call) -> bool:
    amount = text(call.args[0]).replace("_", "") if call.args else ""
    return amount.isdigit() and int(amount) <= LONGEST_SLEEP
