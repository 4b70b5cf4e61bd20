"""A meter for expressions: whatever they do is counted, so that none runs or grows without end.

Counted, not timed: the same expression on the same data always ends the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from bot.pipeline.expressions.values import ExpressionError

LIMIT = 100_000_000
"""Units one evaluation may use: a character read or built is one. A few seconds at the most."""
MAX_TEXT = 20_000_000
"""Characters of one text."""
NAME = "__work__"
"""Under which the meter stands among the names of an evaluation; nobody can write this name."""


class Work:
    """What is left of the limit."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.left = limit

    def charge(self, units: int) -> None:
        """Use some; raises `ExpressionError` when nothing is left."""
        self.left -= units
        if self.left < 0:
            raise ExpressionError(
                "works on too much data", hint="filter first, or split the work over several steps"
            )

    def text(self, length: int) -> None:
        """Before a text of that length is built."""
        if length > MAX_TEXT:
            raise ExpressionError(f"a text grows beyond {MAX_TEXT:,} characters")
        self.charge(length)

    def weigh(self, value: Any) -> None:
        """Charge for everything a value holds, as often as it would stand in JSON."""
        waiting = [(value, 1)]
        while waiting:
            item, depth = waiting.pop()
            if isinstance(item, str):
                self.charge(len(item) + depth)
            elif isinstance(item, Mapping):
                self.charge(sum(map(len, map(str, item))) + 8)
                waiting += [(inner, depth + 1) for inner in item.values()]
            elif isinstance(item, list | tuple):
                self.charge(len(item) + 8)
                waiting += [(inner, depth + 1) for inner in item]
            else:
                self.charge(8 + depth)

    def look(self, value: Any) -> None:
        """Charge for the outermost value only."""
        if isinstance(value, str | list | tuple | Mapping):
            self.charge(len(value))

    def take(self, value: Any, *, shallow: bool) -> None:
        """Charge for an argument; one that is not there costs nothing."""
        if isinstance(value, Undefined):
            return
        (self.look if shallow else self.weigh)(value)


def work_of(context: Context) -> Work:
    """The meter of the evaluation a context belongs to."""
    work: Work = context[NAME]
    return work


def metered(operation: Callable[..., Any]) -> Callable[..., Any]:
    """An operation that takes the meter first."""

    @pass_context
    def call(context: Context, *args: Any, **options: Any) -> Any:
        return operation(work_of(context), *args, **options)

    return call
