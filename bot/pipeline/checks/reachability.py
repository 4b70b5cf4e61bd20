"""Conditions whose truth is certain before the run, and the branches that never run for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from jinja2 import nodes

from bot.core.faults import near
from bot.pipeline.checks.known import Known, Missing
from bot.pipeline.checks.lookup import found
from bot.pipeline.checks.paths import path_of
from bot.pipeline.checks.references import Checker, shape_of, sole_expression
from bot.pipeline.expressions.expr import ExpressionError, holds, names_in_expression
from bot.pipeline.language.flow_steps import JumpStep, LoopStep, SwitchStep
from bot.pipeline.language.step_base import At, StepBase

Truth = bool | None
"""None where only the run can tell."""


def truth(checker: Checker, condition: Any, known: Known) -> Truth:
    """Whether a condition certainly holds, or certainly does not."""
    if condition is None or isinstance(condition, bool):
        return condition is not False
    if isinstance(condition, list | tuple):
        return _all(truth(checker, item, known) for item in condition)
    if isinstance(condition, dict) and len(condition) == 1:
        (key, inner), *_ = condition.items()
        if key == "not":
            return _not(truth(checker, inner, known))
        each = [truth(checker, item, known) for item in inner] if isinstance(inner, list) else []
        return _all(each) if key == "and" else _any(each)
    return _of_text(checker, condition, known) if isinstance(condition, str) else None


def never_equal(checker: Checker, condition: Any, known: Known) -> str:
    """Why a comparison in the condition cannot come out, in words; empty where none is known."""
    if not isinstance(condition, str):
        return ""
    node = _node(condition)
    for inner in (node, *node.find_all(nodes.Filter)) if node is not None else ():
        if said := _foreign(checker, inner, known):
            return said
    return ""


def check_switch(checker: Checker, step: SwitchStep, at: At, known: Known) -> frozenset[str]:
    """Reports cases that cannot be; gives their keys."""
    values = shape_of(checker, step.expression, known).values()
    dead = set[str]()
    written = [] if values is None else [_as_key(value) for value in values]
    for key in step.cases if written else ():
        if key not in written:
            dead.add(key)
            choice = near(key, written) or f"; it is one of: {', '.join(written)}"
            checker.warn(f"{step.expression!r} is never {key!r}{choice}", (*at, "cases", key))
    return frozenset(dead)


def endless(step: LoopStep) -> bool:
    """Whether nothing in the loop can end it."""
    return step.break_condition is None and not _breaks(step.steps)


def _breaks(steps: Iterable[StepBase]) -> bool:
    """Whether a `break` among these steps ends the loop they stand in."""
    for step in steps:
        if isinstance(step, JumpStep) and step.type == "break":
            return True
        inner = [block for _, block in step.blocks()]
        blocks = [step.otherwise] if isinstance(step, LoopStep) else inner
        if any(_breaks(block) for block in blocks):
            return True
    return False


def _of_text(checker: Checker, condition: str, known: Known) -> Truth:
    try:
        parsed, names = names_in_expression(condition)
        computed = any(node.name.endswith("()") for node in parsed.find_all(nodes.Filter))
        if not names and not computed and next(parsed.find_all(nodes.Call), None) is None:
            return holds(condition, {})
    except ExpressionError:
        return None
    node = sole_expression(parsed)
    return _of_node(checker, node, known) if node is not None else None


def _of_node(checker: Checker, node: nodes.Node, known: Known) -> Truth:
    if isinstance(node, nodes.Const):
        return bool(node.value)
    if isinstance(node, nodes.Not):
        return _not(_of_node(checker, node.node, known))
    if isinstance(node, nodes.And | nodes.Or):
        sides = [_of_node(checker, side, known) for side in (node.left, node.right)]
        return _all(sides) if isinstance(node, nodes.And) else _any(sides)
    if _foreign(checker, node, known):
        return _comparison(node)[0] in ("ne", "notin")
    return None


def _foreign(checker: Checker, node: nodes.Node, known: Known) -> str:
    """`status == 'pased'` where the schema lists what `status` may be: why it is never true."""
    operator, left, right = _comparison(node)
    path = path_of(left)
    wanted = _constants(right)
    if path is None or not wanted or operator not in ("eq", "ne", "in", "notin"):
        return ""
    try:
        values = found(checker, path, known).values()
    except Missing:
        return ""
    if values is None or any(value in values for value in wanted):
        return ""
    choice = near(str(wanted[0]), map(_as_key, values))
    listed = choice or f"; it is one of: {', '.join(map(_as_key, values))}"
    return f"'{path}' is never {wanted[0]!r}{listed}"


def _comparison(node: nodes.Node) -> tuple[str, nodes.Node, nodes.Node]:
    """Operator and sides of `a == b`; no operator where it is something else."""
    if isinstance(node, nodes.Filter) and node.name == "=compare" and len(node.args) == 2:
        operator, right = node.args
        if isinstance(operator, nodes.Const) and node.node is not None:
            return str(operator.value), node.node, right
    return "", node, node


def _constants(node: nodes.Node) -> list[Any]:
    if isinstance(node, nodes.Const):
        return [node.value]
    if isinstance(node, nodes.List | nodes.Tuple):
        values = [item.value for item in node.items if isinstance(item, nodes.Const)]
        return values if len(values) == len(node.items) else []
    return []


def _node(condition: str) -> nodes.Node | None:
    try:
        return sole_expression(names_in_expression(condition)[0])
    except ExpressionError:
        return None


def _as_key(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _not(value: Truth) -> Truth:
    return None if value is None else not value


def _all(values: Iterable[Truth]) -> Truth:
    each = list(values)
    return False if False in each else (None if None in each else True)


def _any(values: Iterable[Truth]) -> Truth:
    each = list(values)
    return True if True in each else (None if None in each else False)
