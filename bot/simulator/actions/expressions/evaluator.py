"""Computes the value of an expression in a scope."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.functions import ARITY, PURE, STATUS, Function
from bot.simulator.actions.expressions.parser import (
    Binary,
    Call,
    Context,
    Filter,
    Index,
    Literal,
    Node,
    Not,
    parse,
    walk,
)
from bot.simulator.actions.expressions.values import (
    Value,
    are_equal,
    is_at_most,
    is_less,
    is_true,
    look_up,
)


@dataclass(frozen=True)
class Scope:
    """What an expression may name. `functions` are those that depend on the place, by lower case
    name: the status functions and hashFiles."""

    contexts: Mapping[str, Value] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)

    def extended(self, **contexts: Value) -> Scope:
        return Scope({**self.contexts, **contexts}, self.functions)


class Selection(list[Value]):
    """What `.*` chose; a further step applies to each member."""


def evaluate(expression: str, scope: Scope) -> Value:
    """Raises ExpressionError, which names the expression and where in it the fault is."""
    node = parse(expression)
    check_names(expression, scope.contexts.keys(), scope.functions.keys())
    try:
        return _value(node, scope)
    except RecursionError as error:
        raise ExpressionError("A value is nested too deep", expression, 1) from error
    except ExpressionError as error:
        if error.position:
            raise
        raise ExpressionError(error.message, expression, 1) from error


def check_names(expression: str, contexts: Container[str], functions: Container[str]) -> None:
    """Refuses what is not in the two containers, also in branches that would not be evaluated."""
    for node in walk(parse(expression)):
        match node:
            case Context(name, at) if name.lower() not in contexts:
                raise ExpressionError(f"Unrecognized named-value: {name!r}", expression, at)
            case Call(name, arguments, at):
                _check_call(expression, name, len(arguments), at, functions)


def _check_call(expression: str, name: str, count: int, at: int, functions: Container[str]) -> None:
    key = name.lower()
    if key not in PURE and key not in functions:
        raise ExpressionError(f"Unrecognized function: {name!r}", expression, at)
    least, most = ARITY[key]
    if count < least:
        raise ExpressionError(f"Too few parameters supplied for function: {name!r}", expression, at)
    if count > most:
        raise ExpressionError(
            f"Too many parameters supplied for function: {name!r}", expression, at
        )


def asks_status(expression: str) -> bool:
    """Whether the condition itself says how the job's status counts."""
    return any(isinstance(n, Call) and n.name.lower() in STATUS for n in walk(parse(expression)))


def _value(node: Node, scope: Scope) -> Value:
    match node:
        case Literal(value):
            return value
        case Context(name):
            return scope.contexts[name.lower()]
        case Index(of, key):
            return _member(_value(of, scope), _value(key, scope))
        case Filter(of):
            return _members(_value(of, scope))
        case Not(of):
            return not is_true(_value(of, scope))
        case Binary():
            return _binary(node, scope)
        case Call(name, arguments):
            values = [_value(argument, scope) for argument in arguments]
            return _function(name, scope)(values)


def _function(name: str, scope: Scope) -> Function:
    key = name.lower()
    return PURE[key][0] if key in PURE else scope.functions[key]


def _chain(node: Binary, scope: Scope) -> Value:
    """`&&` and `||` give the operand that decided. A loop, for chains may be long."""
    operands: list[Node] = []
    rest: Node = node
    while isinstance(rest, Binary) and rest.operator == node.operator:
        operands.append(rest.right)
        rest = rest.left
    value = _value(rest, scope)
    while operands and is_true(value) is (node.operator == "&&"):
        value = _value(operands.pop(), scope)
    return value


def _binary(node: Binary, scope: Scope) -> Value:
    if node.operator in ("&&", "||"):
        return _chain(node, scope)
    left = _value(node.left, scope)
    right = _value(node.right, scope)
    match node.operator:
        case "==":
            return are_equal(left, right)
        case "!=":
            return not are_equal(left, right)
        case "<":
            return is_less(left, right)
        case "<=":
            return is_at_most(left, right)
        case ">":
            return is_less(right, left)
        case _:
            return is_at_most(right, left)


def _member(value: Value, key: Value) -> Value:
    if isinstance(value, Selection):
        return Selection(m for item in value if (m := look_up(item, key)) is not None)
    return look_up(value, key)


def _members(value: Value) -> Selection:
    if isinstance(value, Selection):
        return Selection(member for item in value for member in _children(item))
    return Selection(_children(value))


def _children(value: Value) -> Sequence[Value]:
    match value:
        case Mapping():
            return list(value.values())
        case list() | tuple():
            return value
        case _:
            return ()
