"""Processes in a server's state to which the server itself has made a link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.reach import BUSY, is_server, reached_from_callbacks
from bot.elixir.results import results
from bot.elixir.rules.parts.standing import callers_of
from bot.elixir.trapping import trap_flags

_FETCHES = frozenset({"Map.get", "Map.fetch", "Map.fetch!"})
_DROPS = frozenset({"Map.delete", "Map.drop"})
_DEEPEST = 6


def linked_start(look: Call, clause: Clause) -> Call | None:
    """The `start_link` of the process looked at, where the server ends when that one crashes: it
    traps no exits.
    """
    if next(trap_flags(clause.function.module), None) is not None:
        return None
    return next(iter(own_starts(look, clause)), None)


def own_starts(call: Call, clause: Clause) -> list[Call]:
    """The `start_link` calls of whatever process `call` may be given first; empty where one of
    them is not seen.

    The process is a field of the state, or is kept in a map there, to which this server's callbacks
    only ever add processes that they start with a link.
    """
    module = clause.function.module
    if not is_server(module) or call.runs_in or not call.args:
        return []
    serving = frozenset(step.clause for step in reached_from_callbacks(module, BUSY))
    field = _field(text(call.args[0]), clause) or _map_of(call.args[0], clause)
    if not field or clause not in serving:
        return []
    kept = _Kept(field, serving)
    found = [s for value, holder in _values(field, module) for s in kept.starts(value, holder)]
    return [s for s in found if s is not None] if None not in found else []


def _field(name: str, clause: Clause) -> str:
    """The field of the state that a name stands for: `state.till`, or by the clause's pattern."""
    if "." in name:
        return name.rpartition(".")[2] if name.replace(".", "").isidentifier() else ""
    pairs = (pair for param in clause.params for pair in nodes.of_type(param, "pair"))
    found = (_key(pair) for pair in pairs if nodes.text_of(pair, "value") == name)
    return next(found, "")


def _map_of(name: Node, clause: Clause) -> str:
    """The field with the map in which a `case` or a match found the process."""
    sources = [*_sources(text(name), clause)]
    for around in nodes.ancestors(name):
        if around.type == "stab_clause" and any(
            text(name) in nodes.identifiers(p) for p in nodes.clause_patterns(around)
        ):
            taker = around.parent.parent if around.parent is not None else None
            asked = taker is not None and nodes.is_call_to(taker, "case")
            sources = nodes.arguments(taker)[:1] if asked and taker is not None else []
            break
    fields = {_looked_up_in(source, clause) for source in sources}
    return fields.pop() if len(fields) == 1 else ""


def _looked_up_in(source: Node, clause: Clause) -> str:
    call = resolve(source, clause.function.module) if source.type == "call" else None
    holder = source.child_by_field_name("target") if source.type == "access_call" else None
    if call is not None and call.full in _FETCHES and call.args:
        holder = call.args[0]
    if holder is None:
        return ""
    return _field(text(holder), clause) or _passed_field(text(holder), clause)


def _passed_field(name: str, clause: Clause) -> str:
    """The field that all callers in the module pass for a parameter."""
    passed = _passed(name, clause)
    fields = {_field(text(arg), caller) for arg, caller in passed if arg is not None}
    return fields.pop() if len(fields) == 1 and all(arg is not None for arg, _ in passed) else ""


def _passed(name: str, clause: Clause) -> list[tuple[Node | None, Clause]]:
    place = next((i for i, param in enumerate(clause.params) if text(param) == name), None)
    function = clause.function
    if place is None or function.kind != "defp":
        return []
    return [
        (call.args[place] if place < len(call.args) else None, other)
        for caller in callers_of(function)
        for other in caller.clauses
        for call in other.calls
        if _own(call) is function
    ]


def _own(call: Call) -> Function | None:
    local = call.module == call.owner.name
    return call.owner.local(call.name, call.arity) if local else None


def _key(pair: Node) -> str:
    return nodes.text_of(pair, "key").strip().rstrip(":")


def _values(field: str, module: Module) -> Iterator[tuple[Node, Clause]]:
    """Whatever functions of the module set the field to, but for `nil`."""
    for clause in module.clauses_with(f"{field}:".encode()):
        for pair in nodes.of_type(clause.body, "pair") if clause.body is not None else ():
            value = pair.child_by_field_name("value")
            if value is not None and _key(pair) == field and value.type != "nil":
                yield value, clause


def _sources(name: str, clause: Clause) -> Iterator[Node]:
    for match in [*operations(clause.node, "="), *operations(clause.node, "<-")]:
        left, right = match.child_by_field_name("left"), match.child_by_field_name("right")
        if left is not None and right is not None and name in nodes.identifiers(left):
            yield right


@dataclass(frozen=True)
class _Kept:
    """What a field of the state holds."""

    field: str
    serving: frozenset[Clause]

    def starts(self, value: Node, clause: Clause, depth: int = 0) -> Iterator[Call | None]:
        """The starts of the processes in a value; `None` for what may come from elsewhere."""
        if depth > _DEEPEST:
            yield None
        elif value.type == "identifier":
            yield from self._of_variable(value, clause, depth + 1)
        elif value.type == "call" and _field(text(value), clause) != self.field:
            yield from self._of_call(value, clause, depth + 1)
        elif value.type not in ("call", "nil") and text(value) not in ("%{}", "[]"):
            yield None

    def _of_variable(self, name: Node, clause: Clause, depth: int) -> Iterator[Call | None]:
        sources = list(_sources(text(name), clause))
        begun = [start for source in sources if (start := self._start(source, clause)) is not None]
        if begun:
            yield begun[0]
            return
        for source in sources:
            yield from self.starts(source, clause, depth)
        passed = _passed(text(name), clause) if not sources else []
        for argument, caller in passed:
            yield from self.starts(argument, caller, depth) if argument is not None else (None,)
        known = _field(text(name), clause) == self.field
        if not sources and not passed and not known:
            yield None

    def _start(self, value: Node, clause: Clause) -> Call | None:
        call = resolve(value, clause.function.module) if value.type == "call" else None
        linked = call is not None and call.name == "start_link" and not call.runs_in
        return call if linked and clause in self.serving else None

    def _of_call(self, value: Node, clause: Clause, depth: int) -> Iterator[Call | None]:
        call = resolve(value, clause.function.module)
        own = _own(call) if call is not None else None
        if call is not None and call.full in _DROPS and call.args:
            yield from self.starts(call.args[0], clause, depth)
        elif call is not None and call.full == "Map.put" and call.arity == 3:
            yield from self.starts(call.args[0], clause, depth)
            yield from self.starts(call.args[2], clause, depth)
        elif own is not None:
            for inner in own.clauses:
                for result in results(inner):
                    yield from self.starts(result, inner, depth)
        else:
            yield None
