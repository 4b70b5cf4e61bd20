"""Which module a child specification starts, also where a function of the project makes it."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.child_specs import started_module
from bot.elixir.expressions import Expression, value_of
from bot.elixir.further import function_behind
from bot.elixir.module import Function
from bot.elixir.project import Project

_MOST_STEPS = 5


def started_by(spec: Expression, project: Project, steps: int = _MOST_STEPS) -> str:
    """The module; empty where the code does not show it, or shows several."""
    node, module = spec.node, spec.clause.function.module
    if node.type == "identifier":
        value = value_of(spec)
        return started_by(value, project, steps - 1) if value is not None and steps else ""
    call = resolve(node, module) if node.type == "call" else None
    maker = _maker(call, project) if call is not None and steps else None
    made = _made(maker, project, steps - 1) if maker is not None else ""
    return made or started_module(node, module.scope)


def _made(maker: Function, project: Project, steps: int) -> str:
    last = [Expression(node, c) for c in maker.clauses for node in c.statements()[-1:]]
    found = {started_by(expression, project, steps) for expression in last}
    return found.pop() if len(found) == 1 else ""


def _maker(call: Call, project: Project) -> Function | None:
    """The function that a call reaches, through delegations."""
    own = call.owner.local(call.name, call.arity) if call.module == call.owner.name else None
    function = own if own is not None else _known(call.module, call.name, call.arity, project)
    if function is None or function.kind != "defdelegate":
        return own if own is not None else function_behind(project, call)
    options = nodes.call_keywords(function.clauses[0].node)
    to = function.module.scope.resolve(options["to"]) if "to" in options else ""
    name = nodes.text(options["as"]).removeprefix(":") if "as" in options else call.name
    return _known(to, name, call.arity, project)


def _known(module: str, name: str, arity: int, project: Project) -> Function | None:
    facts = project.modules.get(module)
    if facts is None or not project.defines(facts, name):
        return None
    return project.module(module).local(name, arity)
