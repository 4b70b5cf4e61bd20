"""The tests of expressions: what may stand after `is`, and behind the infix words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jinja2.runtime import Undefined
from jinja2.tests import TESTS

from bot.pipeline.expressions.functions.numbers import arithmetic
from bot.pipeline.expressions.functions.texts import (
    between,
    contains,
    ends_with,
    is_empty,
    matches,
    starts_with,
)
from bot.pipeline.expressions.operations import compared
from bot.pipeline.expressions.values import require_defined
from bot.pipeline.expressions.work import Work, metered

Operation = Callable[..., Any]


def tests() -> dict[str, Any]:
    """Every test, by name."""
    return {name: metered(test) for name, test in _ALL.items()}


def _comparing(sign: str) -> Operation:
    return lambda work, left, right: compared(work, sign, left, right)


def _divisible(work: Work, value: Any, by: Any) -> bool:
    return arithmetic("%", value, by) == 0


def _plain(name: str) -> Operation:
    test: Any = TESTS[name]
    return lambda work, value: test(value)


def _sized(test: Callable[..., bool]) -> Operation:
    def call(work: Work, value: Any, *args: Any) -> bool:
        for part in (value, *args):
            require_defined(part)
            work.look(part)
        return test(value, *args)

    return call


def _matches(work: Work, value: Any, pattern: Any) -> bool:
    require_defined(value)
    return matches(work, value, pattern)


_SIGNS: dict[str, Iterable[str]] = {
    "eq": ("eq", "equalto", "=="),
    "ne": ("ne", "!="),
    "lt": ("lt", "lessthan", "<"),
    "lteq": ("le", "<="),
    "gt": ("gt", "greaterthan", ">"),
    "gteq": ("ge", ">="),
    "in": ("in",),
}

_ALL: dict[str, Operation] = {
    **{
        name: _plain(name)
        for name in (
            "boolean defined false float integer iterable mapping none number sequence string true "
            "undefined lower upper"
        ).split()
    },
    **{name: _comparing(sign) for sign, names in _SIGNS.items() for name in names},
    "even": lambda work, value: _divisible(work, value, 2),
    "odd": lambda work, value: not _divisible(work, value, 2),
    "divisibleby": _divisible,
    "exists": lambda work, value: not isinstance(value, Undefined) and value is not None,
    "empty": _sized(is_empty),
    "contains": _sized(contains),
    "starts_with": _sized(starts_with),
    "ends_with": _sized(ends_with),
    "between": _sized(between),
    "matches": _matches,
}
