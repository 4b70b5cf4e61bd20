"""What an expression can evaluate to, as far as one module's source shows."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Clause

_BRANCHING = ("if", "unless", "case", "cond", "with")


@dataclass(frozen=True, eq=False)
class Expression:
    """A node together with the clause that gives its names a meaning."""

    node: Node
    clause: Clause

    def at(self, node: Node) -> Expression:
        """Another node of the same clause."""
        return Expression(node, self.clause)


def operations(node: Node, symbol: str) -> list[Node]:
    """Binary operations with that operator within a node."""
    found = nodes.of_type(node, "binary_operator")
    return [n for n in found if nodes.operator(n) == symbol]


def assignments(name: str, clause: Clause) -> list[Node]:
    """Right sides of every `name = value` in the clause, in source order."""
    made = (n for n in clause.body_bindings("=") if nodes.text_of(n, "left") == name)
    values = [n.child_by_field_name("right") for n in made]
    return [v for v in values if v is not None]


def value_of(expression: Expression) -> Expression | None:
    """What a variable was last set to before this use; `None` for parameters and patterns."""
    name = text(expression.node)
    before = [
        value
        for value in assignments(name, expression.clause)
        if value.end_byte <= expression.node.start_byte
    ]
    return expression.at(before[-1]) if before else None


def branches(expression: Expression) -> list[Expression]:
    """Values of the branches of an `if`, `unless`, `case`, `cond` or `with`; else empty."""
    node = expression.node
    if not nodes.is_call_to(node, *_BRANCHING):
        return []
    found: list[Node] = []
    short = nodes.call_keywords(node)
    found += [short[word] for word in ("do", "else") if word in short]
    block = nodes.do_block(node)
    if block is not None:
        parts = [block, *(c for c in block.named_children if c.type == "else_block")]
        for part in parts:
            found += nodes.statements(part)[-1:]
            found += [
                last for stab in nodes.clauses(part) for last in _last(nodes.clause_body(stab))
            ]
    return [expression.at(n) for n in found]


def last_value(expression: Expression) -> list[Expression]:
    """What a call of an own function returns: the last expression of each of its clauses."""
    call = resolve(expression.node, expression.clause.function.module)
    if call is None or call.module != call.owner.name:
        return []
    function = call.owner.local(call.name, call.arity)
    if function is None:
        return []
    return [Expression(n, c) for c in function.clauses for n in c.statements()[-1:]]


def _last(body: Node | None) -> list[Node]:
    return nodes.statements(body)[-1:]
