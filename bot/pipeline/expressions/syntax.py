"""Pieces of the syntax trees that expressions are parsed into."""

from __future__ import annotations

from jinja2 import nodes

_NODE_COST = 50
"""Units of work for one node of a loop's body, per round."""


def operation(name: str, first: nodes.Expr, *rest: nodes.Expr) -> nodes.Filter:
    """An operation of `bot.pipeline.expressions.operations` on the value of `first`."""
    return nodes.Filter(first, f"={name}", list(rest), [], None, None, lineno=first.lineno)


def tested(name: str, first: nodes.Expr, *rest: nodes.Expr) -> nodes.Test:
    """A test of the value of `first`."""
    return nodes.Test(first, name, list(rest), [], None, None, lineno=first.lineno)


def defined(node: nodes.Expr) -> nodes.Expr:
    """The same, unless its value is not there."""
    return node if isinstance(node, nodes.Const) else operation("defined", node)


def defined_list(items: list[nodes.Expr], line: int) -> nodes.List:
    """A list of values that are there."""
    return nodes.List([defined(item) for item in items], lineno=line)


def cost(loop: nodes.For) -> int:
    """What one round of a loop costs."""
    return _NODE_COST * sum(1 for _ in loop.find_all(nodes.Node))


def names_of(node: nodes.Node, bound: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names it needs from outside; Jinja's own way to tell generates code for it first."""
    if isinstance(node, nodes.Name):
        return frozenset({node.name} - bound) if node.ctx == "load" else frozenset()
    if not isinstance(node, nodes.For):
        return frozenset().union(*(names_of(child, bound) for child in node.iter_child_nodes()))
    targets = {name.name for name in node.target.find_all(nodes.Name)}
    if isinstance(node.target, nodes.Name):
        targets.add(node.target.name)
    inside = bound | targets | {"loop"}
    found = [names_of(child, inside) for child in node.body]
    found += [names_of(child, bound) for child in (node.iter, *node.else_)]
    if node.test is not None:
        found.append(names_of(node.test, inside))
    return frozenset().union(*found)
