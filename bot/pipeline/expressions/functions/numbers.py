"""Arithmetic."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cmp_to_key
from typing import Any

from bot.pipeline.expressions.functions.call import Evaluation, Function, list_of, whole
from bot.pipeline.expressions.values import (
    ExpressionError,
    is_number,
    order,
    require_defined,
    shown,
)

MAX_NUMBER = 1e15
MAX_PLACES = 15
_DIGITS = 400
"""Enough for every floating-point number with that many places."""

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def number_of(value: Any, name: str) -> int | float:
    """A number; raises `ExpressionError` for anything else."""
    if not is_number(value):
        require_defined(value)
        raise ExpressionError(f"{name!r} needs numbers, got {shown(value)}")
    result: int | float = value
    return result


def arithmetic(sign: str, left: Any, right: Any) -> int | float:
    """`left sign right` for numbers, bounded."""
    if sign not in _OPERATORS:
        raise ExpressionError(f"{sign!r} is not supported")
    left, right = number_of(left, sign), number_of(right, sign)
    if sign in ("/", "//", "%") and right == 0:
        raise ExpressionError(f"division by zero: {left} {sign} {right}")
    result: int | float = _OPERATORS[sign](left, right)
    return bounded(result)


def bounded(value: int | float) -> int | float:
    """The number, unless it is out of bounds; what is no number is, too."""
    if not abs(value) <= MAX_NUMBER:
        raise ExpressionError("a number grows too large")
    return value


def rounded(value: Any, places: int = 0) -> int | float:
    """Half away from zero, as on paper; whole numbers for no places."""
    exact = number_of(value, "round")
    if abs(whole(places, "round")) > MAX_PLACES:
        raise ExpressionError(f"'round' takes at most {MAX_PLACES} places, got {places}")
    if not math.isfinite(exact):
        raise ExpressionError("'round' needs a finite number")
    # As it is written: 2.675 in binary lies a little below.
    written = Decimal(str(exact))
    step = Decimal(1).scaleb(-places)
    result = written.quantize(step, ROUND_HALF_UP, context=Context(prec=_DIGITS))
    return float(result) if places > 0 else int(result)


def numbers(value: Any, name: str) -> list[int | float]:
    """The numbers of a list; null is left out, as nothing was measured."""
    return [number_of(item, name) for item in list_of(value, name) if item is not None]


def total(value: Any, name: str = "sum") -> int | float:
    """The sum; 0 for nothing."""
    return bounded(sum(numbers(value, name)))


def average(value: Any, name: str = "average") -> float | None:
    """The mean; null for nothing."""
    found = numbers(value, name)
    return total(found, name) / len(found) if found else None


def variance(value: Any, name: str = "variance") -> float | None:
    """Of the whole population; null for nothing."""
    mean = average(value, name)
    if mean is None:
        return None
    found = numbers(value, name)
    return sum((n - mean) ** 2 for n in found) / len(found)


def deviation(value: Any, name: str = "std_dev") -> float | None:
    """The standard deviation of the whole population; null for nothing."""
    found = variance(value, name)
    return None if found is None else math.sqrt(found)


def median(value: Any, name: str = "median") -> int | float | None:
    """The middle; null for nothing."""
    found = sorted(numbers(value, name))
    if not found:
        return None
    middle = len(found) // 2
    return found[middle] if len(found) % 2 else (found[middle - 1] + found[middle]) / 2


def least(values: Any, name: str = "min") -> Any:
    """The smallest of numbers, texts or instants; null for nothing."""
    found = [item for item in list_of(values, name) if item is not None]
    return min(found, key=cmp_to_key(order)) if found else None


def greatest(values: Any, name: str = "max") -> Any:
    """The greatest of numbers, texts or instants; null for nothing."""
    found = [item for item in list_of(values, name) if item is not None]
    return max(found, key=cmp_to_key(order)) if found else None


def _power(_: Evaluation, base: Any, exponent: Any) -> int | float:
    base, exponent = number_of(base, "pow"), number_of(exponent, "pow")
    try:
        estimate = float(base) ** float(exponent)
    except OverflowError:
        estimate = math.inf
    if isinstance(estimate, complex):
        raise ExpressionError(f"'pow' has no result for {base} and {exponent}")
    bounded(estimate)
    exact = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    result: int | float = base**exponent if exact else estimate
    return result


def _root(_: Evaluation, value: Any) -> float:
    if number_of(value, "sqrt") < 0:
        raise ExpressionError(f"'sqrt' has no result for {value}")
    return math.sqrt(value)


def _sign(sign: str) -> Function:
    return Function(lambda _, left, right: arithmetic(sign, left, right), 2)


def _extreme(choose: Callable[..., Any]) -> Function:
    """Of the arguments, or of the one list given."""
    return Function(lambda _, *args: choose(args[0] if len(args) == 1 else args), 1, -1)


NUMBERS: dict[str, Function] = {
    "add": _sign("+"),
    "subtract": _sign("-"),
    "multiply": _sign("*"),
    "divide": _sign("/"),
    "pow": Function(_power, 2),
    "sqrt": Function(_root),
    "abs": Function(lambda _, value: abs(number_of(value, "abs"))),
    "round": Function(lambda _, value, places=0: rounded(value, places), 1, 2),
    "floor": Function(lambda _, value: math.floor(number_of(value, "floor"))),
    "ceil": Function(lambda _, value: math.ceil(number_of(value, "ceil"))),
    "sum": Function(lambda _, values: total(values)),
    "average": Function(lambda _, values: average(values)),
    "min": _extreme(least),
    "max": _extreme(greatest),
}
