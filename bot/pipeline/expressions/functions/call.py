"""What a function of the language is, and what it sees of the evaluation it is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.pipeline.expressions.values import ExpressionError, Instant, shown
from bot.pipeline.expressions.work import Work

if TYPE_CHECKING:
    from bot.pipeline.expressions.items import ItemExpression

STARTED = "__now__"
"""The name under which a scope holds when its run started; nobody can write this name."""


@dataclass(frozen=True)
class Evaluation:
    """The evaluation a function is called in."""

    work: Work
    names: Mapping[str, Any]
    """The names around the expression."""
    compile: Callable[[str], ItemExpression]

    def now(self) -> Instant:
        """When the run started: a resumed run must come to the same decisions."""
        started = self.names.get(STARTED)
        if started is None:
            raise ExpressionError("now() is not known here: this scope belongs to no run")
        return Instant.of(started)

    def each(self, source: str, items: list[Any]) -> list[Any]:
        """The expression's value for each item."""
        return self.compile(source).values(items, self.names, self.work)

    def where(self, source: str, items: list[Any]) -> list[bool]:
        """Whether the condition holds, for each item."""
        return self.compile(source).tests(items, self.names, self.work)


@dataclass(frozen=True)
class Function:
    """One function: called with the evaluation and its arguments."""

    call: Callable[..., Any]
    least: int = 1
    most: int | None = None
    """Arguments; None for exactly `least`, -1 for any number."""
    condition: bool = False
    """Its second argument is an expression about each item of the first."""
    shallow: bool = False
    """Looks at the outermost value only, whatever hangs below."""

    def problem(self, name: str, given: int) -> str:
        """What is wrong with a number of arguments; empty when nothing is."""
        most = self.least if self.most is None else self.most
        if self.least <= given and (given <= most or most < 0):
            return ""
        takes = f"{self.least}" if most == self.least else f"{self.least} to {most}"
        takes = f"at least {self.least}" if most < 0 else takes
        plural = "" if takes.endswith("1") else "s"
        return f"{name!r} takes {takes} argument{plural}, not {given}"


def items_of(value: Any, name: str) -> list[Any]:
    """The items of a list, or a map's entries as `key` and `value`; raises for anything else."""
    if isinstance(value, Mapping):
        return [{"key": key, "value": item} for key, item in value.items()]
    return list_of(value, name)


def list_of(value: Any, name: str) -> list[Any]:
    """A list; raises `ExpressionError` for anything else."""
    if not isinstance(value, list | tuple):
        raise ExpressionError(f"{name!r} needs a list, got {shown(value)}")
    return list(value)


def text_of(value: Any, name: str) -> str:
    """A text; raises `ExpressionError` for anything else."""
    if not isinstance(value, str):
        raise ExpressionError(f"{name!r} needs a text, got {shown(value)}")
    return value


def map_of(value: Any, name: str) -> dict[Any, Any]:
    """A map; raises `ExpressionError` for anything else."""
    if not isinstance(value, Mapping):
        raise ExpressionError(f"{name!r} needs a map, got {shown(value)}")
    return dict(value)


def whole(value: Any, name: str) -> int:
    """A whole number; raises `ExpressionError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ExpressionError(f"{name!r} needs a whole number, got {shown(value)}")
    return value
