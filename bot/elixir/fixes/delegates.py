"""The one public function through which a private one is called, with its arguments unchanged."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.outline import Clause, Function

_LITERALS = frozenset({"atom", "integer", "float", "string", "boolean", "nil", "alias"})


@dataclass(frozen=True, eq=False)
class Delegate:
    """The only call of a private function, in a public function of one clause."""

    clause: Clause
    call: Call

    def arguments(self, wanted: tuple[str, ...], term: str) -> tuple[str, ...] | None:
        """What to call the public function with, so that the private one gets `wanted`.

        `term` stands for any value. `None` where the private one gets something computed.
        """
        names = [parameter(p) for p in self.clause.params]
        values = dict.fromkeys(names, term)
        for value, given in zip(wanted, self.call.args, strict=True):
            if given.type == "identifier" and nodes.text(given) in values:
                if values[nodes.text(given)] not in (term, value):
                    return None
                values[nodes.text(given)] = value if value != term else values[nodes.text(given)]
            elif value != term or given.type not in _LITERALS:
                return None
        return tuple(values[name] for name in names) if all(names) else None


def delegating(function: Function) -> Delegate | None:
    """The private function's only caller; `None` where there are several, or it is no plain call
    in a public function of one clause.
    """
    module = function.module
    found = [
        Delegate(clause, call)
        for clause in module.all_clauses()
        for call in clause.calls
        if call.module == module.name and module.local(call.name, call.arity) is function
    ]
    if len(found) != 1 or found[0].call.captured or found[0].call.arity != function.arity:
        return None
    caller = found[0].clause.function
    return found[0] if caller.kind == "def" and len(caller.clauses) == 1 else None


def parameter(param: Node) -> str:
    """The name of a plain parameter, a default left aside; empty for a pattern."""
    if nodes.operator(param) == "\\\\":
        param = param.child_by_field_name("left") or param
    return nodes.text(param) if param.type == "identifier" else ""
