"""Which own functions run when a callback runs: the call graph inside one module."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import can_match
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module

SERVER_CALLBACKS = {
    ("handle_call", 3), ("handle_cast", 2), ("handle_info", 2), ("handle_continue", 2),
    ("handle_event", 4),
    ("handle_demand", 2), ("handle_events", 3),
}  # fmt: skip
"""Callbacks in which a server is busy; `init/1` and `terminate/2` are asked for apart."""

BUSY = frozenset({*SERVER_CALLBACKS, ("init", 1), ("terminate", 2)})
"""Everything OTP runs in the server's own process."""

SERVERS = ("GenServer", "GenStage", "Agent", ":gen_server", ":gen_statem", "GenStateMachine")
"""Behaviours whose callbacks run in a long-lived process of their own."""
_MACHINES = (":gen_statem", "GenStateMachine")
_PLAIN = ("GenServer", "GenStage", "Agent", ":gen_server")


@dataclass(frozen=True, eq=False)
class Reached:
    """A clause that runs when the starting callback runs, with the calls that lead to it."""

    clause: Clause
    path: tuple[Call, ...]
    """From the callback's body to this clause; empty for the callback itself."""
    origin: Function


def is_server(module: Module) -> bool:
    """Whether the module is the callback module of a long-lived server."""
    # A project's own `use MyApp.Server` hides the behaviour; these two callbacks together show it.
    telling = [module.functions.get(key) for key in (("init", 1), ("handle_call", 3))]
    disguised = all(function is not None and function.public for function in telling)
    return disguised or any(module.implements(name) for name in SERVERS)


def is_machine(module: Module) -> bool:
    """Whether it is the callback module of a state machine."""
    says = ("callback_mode", 0) in module.functions
    return says or any(map(module.implements, _MACHINES))


def is_callback(function: Function) -> bool:
    """Whether OTP calls the function in a server's process, so that nobody else gets its value."""
    key = (function.name, function.arity)
    return is_server(function.module) and key in BUSY and _is_called_back(key, function.module)


def _is_called_back(key: tuple[str, int], module: Module) -> bool:
    """Whether the module's behaviour has such a callback: a server that is no state machine has
    `handle_event/4` for others to call, as handlers of telemetry are.
    """
    if key != ("handle_event", 4) or is_machine(module):
        return True
    return ("handle_call", 3) not in module.functions and not any(map(module.implements, _PLAIN))


def callbacks(module: Module, keys: Iterable[tuple[str, int]] = SERVER_CALLBACKS) -> list[Function]:
    """The module's own functions among the given callback names."""
    found = (key for key in sorted(set(keys)) if key in module.functions)
    return [module.functions[key] for key in found if _is_called_back(key, module)]


def reached(origins: Iterable[Function]) -> list[Reached]:
    """Clauses run in the same process from each origin, the origins' own first.

    Only calls of own functions are followed, into the clauses that can take what they are given,
    and none that run in another process or who knows where.
    """
    return [step for origin in origins for step in reached_from(origin, origin.clauses)]


def reached_by(call: Call, function: Function) -> list[Reached]:
    """The same from a call of another module's function: from the clauses that can take it."""
    # An attribute means another thing over there.
    plain = not any(nodes.operator(n) == "@" for n in nodes.of_type(call.node, "unary_operator"))
    first = [c for c in function.clauses if not plain or _can_take(c, call, None)]
    return reached_from(function, first)


def reached_from(origin: Function, first: list[Clause]) -> list[Reached]:
    """The same from some clauses of a function."""
    found: list[Reached] = []
    seen = set(first)
    queue: list[tuple[list[Clause], tuple[Call, ...]]] = [(first, ())]
    while queue:
        clauses, path = queue.pop(0)
        for clause in clauses:
            found.append(Reached(clause, path, origin))
            for call, takers in steps(clause):
                new = [taker for taker in takers if taker not in seen]
                if new:
                    seen.update(new)
                    queue.append((new, (*path, call)))
    return found


def steps(clause: Clause) -> list[tuple[Call, list[Clause]]]:
    """The own functions' clauses that a clause leads to, by its calls; worked out once."""
    memo = clause.function.module.memo
    if clause not in memo:
        memo[clause] = [
            (call, [taker for taker in target.clauses if _can_take(taker, call, clause)])
            for call, target in clause.own_calls
        ]
    known: list[tuple[Call, list[Clause]]] = memo[clause]
    return known


def _written_out(argument: Node, clause: Clause) -> Node:
    """An argument, or where it is a parameter of the clause that calls what its pattern asks."""
    name = text(argument)
    for param in clause.params if argument.type == "identifier" else ():
        left, right = param.child_by_field_name("left"), param.child_by_field_name("right")
        if nodes.operator(param) == "=" and left is not None and right is not None:
            other = right if text(left) == name else left if text(right) == name else None
            if other is not None:
                return argument if _is_bound_again(name, argument, clause) else other
    return argument


def _is_bound_again(name: str, at: Node, clause: Clause) -> bool:
    """Whether the name may stand for something else there than for the parameter."""
    bindings = (*clause.body_bindings("="), *clause.body_bindings("<-"))
    sides = [binding.child_by_field_name("left") for binding in bindings]
    around = (a for a in nodes.ancestors(at) if nodes.contains(clause.node, a))
    for stab in (a for a in around if a.type == "stab_clause"):
        sides += nodes.clause_patterns(stab)
    return any(side is not None and name in nodes.identifiers(side) for side in sides)


def _can_take(clause: Clause, call: Call, caller: Clause | None) -> bool:
    """Whether no argument of the call rules the clause out; the caller is one of its module."""
    if call.captured or len(clause.function.clauses) == 1 or len(call.args) != len(clause.params):
        return True
    module = clause.function.module
    given = [_written_out(arg, caller) if caller is not None else arg for arg in call.args]
    pairs = zip(clause.params, given, strict=True)
    return all(can_match(param, arg, module) for param, arg in pairs)


def reached_from_callbacks(module: Module, keys: Iterable[tuple[str, int]] = BUSY) -> list[Reached]:
    """Each clause that runs in the server's process, once, by the first way found."""
    wanted = frozenset(keys)
    known: list[Reached] | None = module.memo.get(wanted)
    if known is None:
        first: dict[int, Reached] = {}
        for step in reached(callbacks(module, wanted)):
            first.setdefault(step.clause.node.id, step)
        known = module.memo[wanted] = list(first.values())
    return known


def runs_in_server(clause: Clause) -> bool:
    """Whether a server's callback is known to run the clause, and not only whoever calls it."""
    module = clause.function.module
    if not is_server(module):
        return False
    return any(step.clause is clause for step in reached_from_callbacks(module))


def own_calls(clause: Clause) -> Iterable[tuple[Call, Function]]:
    """Calls of own functions in a clause, but for those that run elsewhere or who knows when."""
    module = clause.function.module
    for call in clause.calls:
        if call.module != module.name:
            continue
        target = module.local(call.name, call.arity)
        if target is not None and not call.runs_in and not call.deferred and not call.in_quote:
            yield call, target
