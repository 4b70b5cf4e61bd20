"""Names that a module gives its table or process as it starts, made again to find it by."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.rules.parts.again import is_call_of
from bot.elixir.rules.parts.outside import outside
from bot.elixir.rules.parts.starting import START_UP
from bot.elixir.runners import callers
from bot.elixir.starters import starters_of

_MOST_FUNCTIONS = 50
"""Those nearest to it; who comes from farther away hands over what others looked at."""
_WORDS = (b":ets.new", b"name:", b":name,")


def is_registered(node: Node, values: list[Node], clause: Clause, project: Project) -> bool:
    """Whether an interpolated atom is the name of a table or of a process that the same module
    makes under it, none of them on demand, and no caller is seen to hand over input.
    """
    module = clause.function.module
    if any(n.type == "call" and nodes.arguments(n) for v in values for n in _plain(v)):
        return False
    named = any(map(_Naming.by(node, clause).stands_in, module.clauses_with(*_WORDS)))
    return named and not _on_demand(module, project) and not _input_comes(clause.function, project)


def _plain(value: Node) -> list[Node]:
    """The calls in it, `inspect(__MODULE__)` and its like left aside."""
    if nodes.is_call_to(value, "inspect", "to_string"):
        return []
    return list(nodes.of_type(value, "call"))


@dataclass(frozen=True)
class _Naming:
    """What tells that a clause names a table or a process as an atom does."""

    function: Function
    shape: str
    whole: bool
    """The atom is all that the function gives."""

    @classmethod
    def by(cls, node: Node, clause: Clause) -> _Naming:
        """Of an interpolated atom in a clause."""
        statements = clause.statements()
        whole = len(statements) == 1 and statements[0].id == node.id
        return cls(clause.function, _shape(node), whole)

    def stands_in(self, clause: Clause) -> bool:
        """By the function's value, or by the same text."""
        tables = [c for c in clause.calls if c.full == ":ets.new" and c.args]
        if any(self._is_it(c.args[0], clause) for c in tables):
            return True
        if clause.function.name not in START_UP or clause.function is self.function:
            return False
        return any(self._is_it(value, clause) for value in _names(clause))

    def _is_it(self, value: Node, clause: Clause) -> bool:
        known = value_of(Expression(value, clause))
        value = known.node if known is not None and known.clause is clause else value
        if any(_shape(n) == self.shape for n in nodes.of_type(value, "quoted_atom")):
            return True
        calls = [c for c in clause.calls if nodes.contains(value, c.node)]
        return self.whole and any(is_call_of(c, self.function) for c in calls)


def _names(clause: Clause) -> list[Node]:
    """What stands under `name:`, and what a keyword list gets put there."""
    pairs = nodes.of_type(clause.node, "pair")
    found = [p.child_by_field_name("value") for p in pairs
             if nodes.text_of(p, "key").strip() == "name:"]  # fmt: skip
    puts = (c for c in clause.calls if c.module == "Keyword" and c.name.startswith("put"))
    found += [c.args[2] for c in puts if len(c.args) > 2 and text(c.args[1]) == ":name"]
    return [value for value in found if value is not None]


def _shape(node: Node) -> str:
    """The text with one hole for each value that is put in."""
    return "".join(
        "\0" if part.type == "interpolation" else text(part) for part in node.named_children
    )


def _on_demand(module: Module, project: Project) -> bool:
    facts = project.modules.get(module.name)
    return facts is None or starters_of(facts, project).on_demand


def _input_comes(function: Function, project: Project) -> bool:
    seen, queue = {function}, [function]
    while queue and len(seen) < _MOST_FUNCTIONS:
        for caller, call in callers(queue.pop(0), project):
            if _hands_input_over(call, caller):
                return True
            if caller not in seen:
                seen.add(caller)
                queue.append(caller)
    return False


def _hands_input_over(call: Call, caller: Function) -> bool:
    around = (c for c in caller.clauses if nodes.contains(c.node, call.node))
    return any(outside(arg, clause, direct=False) for clause in around for arg in call.args)
