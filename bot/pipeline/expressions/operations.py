"""What the operators of expressions do, every one of them metered.

Their names begin with `=`: only the grammar builds them, no pipeline can write one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from bot.pipeline.expressions.values import (
    ExpressionError,
    as_text,
    equal,
    holds_inside,
    order,
    require_defined,
    shown,
)
from bot.pipeline.expressions.work import Work, work_of


def operators() -> dict[str, Any]:
    """Every operator, by name."""
    return {f"={name}": pass_context(operation) for name, operation in _OPERATORS.items()}


def _loop(context: Context, items: Any, cost: int) -> list[Any]:
    require_defined(items)
    if not isinstance(items, str | list | tuple | Mapping):
        raise ExpressionError(f"'for' needs a list, got {shown(items)}")
    work_of(context).charge(cost * (len(items) + 1))
    return list(items)


def _concat(context: Context, parts: list[Any]) -> str:
    work = work_of(context)
    for part in parts:
        work.weigh(part)
    text = "".join(map(as_text, parts))
    work.text(len(text))
    return text


def _slice(context: Context, value: Any, start: Any, stop: Any, step: Any) -> Any:
    require_defined(value)
    if not isinstance(value, str | list | tuple):
        raise ExpressionError(f"only texts and lists can be cut, got {shown(value)}")
    work_of(context).charge(len(value))
    return value[start:stop:step]


def _defined(context: Context, value: Any) -> Any:
    require_defined(value)
    return value


def _key(context: Context, value: Any) -> str:
    require_defined(value)
    if isinstance(value, list | tuple | Mapping):
        raise ExpressionError(f"a key must be text, got {shown(value)}")
    return as_text(value)


def _truth(context: Context, value: Any) -> bool:
    """A condition is never true just because there is some text: that would be `"failed"`, too."""
    require_defined(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("true", "false", ""):
            return word == "true"
        raise ExpressionError(
            f"gives {shown(value)}, which is neither true nor false", hint="compare it with =="
        )
    return bool(value)


def _compare(context: Context, left: Any, *rest: Any) -> bool:
    """`a < b <= c` as the pairs it stands for; stops at the first that does not hold."""
    work = work_of(context)
    for sign, right in zip(rest[::2], rest[1::2], strict=True):
        if not compared(work, sign, left, right):
            return False
        left = right
    return True


def compared(work: Work, sign: str, left: Any, right: Any) -> bool:
    """One comparison, by Jinja's name for its sign."""
    if sign in ("in", "notin"):
        work.take(right, shallow=not isinstance(left, list | tuple | Mapping))
        return holds_inside(right, left) == (sign == "in")
    if isinstance(left, str) and isinstance(right, str):
        work.charge(min(len(left), len(right)))
    elif isinstance(left, list | tuple | Mapping):
        work.weigh(left)
    if sign in ("eq", "ne"):
        return equal(left, right) == (sign == "eq")
    require_defined(left)
    require_defined(right)
    return _ORDERED[sign](order(left, right))


_ORDERED: dict[str, Callable[[int], bool]] = {
    "lt": lambda found: found < 0,
    "lteq": lambda found: found <= 0,
    "gt": lambda found: found > 0,
    "gteq": lambda found: found >= 0,
}

_OPERATORS: dict[str, Callable[..., Any]] = {
    "loop": _loop,
    "concat": _concat,
    "slice": _slice,
    "defined": _defined,
    "key": _key,
    "truth": _truth,
    "compare": _compare,
}
