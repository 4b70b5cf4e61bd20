"""For which reasons of its end a server's `terminate` does something."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import can_match
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import Reached


def is_done_at_shutdown(call: Call, step: Reached) -> bool:
    """Whether `terminate` gets to a call for the reason that a supervisor stops a child with, as
    far as the heads of its clauses and a `case` on the reason tell.
    """
    first = step.path[0] if step.path else call
    module = step.origin.module
    clause = module.clause_at(first.start)
    if clause is None or not clause.params:
        return True
    before = step.origin.clauses[: step.origin.clauses.index(clause)]
    if any(_takes_all_at_shutdown(c) for c in before) or not _can([clause.params[0]], module):
        return False
    reason = text(clause.params[0])
    return all(_can_be_taken(stab, module) for stab in _stabs_on(reason, first.node, clause))


def _takes_all_at_shutdown(clause: Clause) -> bool:
    """Whether a clause leaves the later ones nothing where the reason is `:shutdown`."""
    rest = all(param.type == "identifier" for param in clause.params[1:])
    return rest and clause.guard is None and _is_sure(clause.params[0])


def _stabs_on(reason: str, node: Node, clause: Clause) -> Iterable[Node]:
    """The branches around a place of each `case` on the reason."""
    for stab in nodes.ancestors(node):
        if stab.id == clause.node.id:
            return
        block = stab.parent if stab.type == "stab_clause" else None
        case = block.parent if block is not None else None
        asked = nodes.arguments(case) if case is not None and nodes.is_call_to(case, "case") else []
        if asked and text(asked[0]) == reason:
            yield stab


def _can_be_taken(stab: Node, module: Module) -> bool:
    before = [s for s in nodes.clauses(stab.parent) if s.end_byte <= stab.start_byte]
    if any(_is_sure(p) for s in before if not _is_guarded(s) for p in nodes.clause_patterns(s)):
        return False
    return _can(nodes.clause_patterns(stab), module)


def _is_guarded(stab: Node) -> bool:
    left = stab.child_by_field_name("left")
    return left is not None and nodes.operator(left) == "when"


def _is_sure(pattern: Node) -> bool:
    return pattern.type == "identifier" or text(pattern) == text(_shutdown())


def _can(patterns: Iterable[Node], module: Module) -> bool:
    return any(can_match(pattern, _shutdown(), module) for pattern in patterns)


@cache
def _shutdown() -> Node:
    return nodes.parse(b":shutdown").root_node.named_children[0]
