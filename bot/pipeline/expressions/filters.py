"""The filters of expressions: Jinja's own, metered, and the functions of the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context, Undefined
from markupsafe import escape

from bot.pipeline.expressions.functions import FUNCTIONS
from bot.pipeline.expressions.functions.call import Evaluation, Function
from bot.pipeline.expressions.functions.numbers import total
from bot.pipeline.expressions.values import (
    ExpressionError,
    as_text,
    require_defined,
    shown,
    to_json,
)
from bot.pipeline.expressions.work import Work, metered, work_of

Operation = Callable[..., Any]

JINJA = frozenset(
    "capitalize d default dictsort float groupby int items list map max min reject rejectattr "
    "reverse select selectattr sort title truncate unique".split()
)
"""Filters that are Jinja's own."""
_LIGHT = frozenset({"d", "default", "items", "list", "reverse"})
"""Of these, those that look at the outermost value only."""
_NAMING = {"map": 0, "select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
"""Filters that take the name of a filter or test, and where."""
_MEMBER_COST = 8


def filters() -> dict[str, Any]:
    """Every filter, by name."""
    return {
        **{f"={name}": FILTERS[name] for name in JINJA},
        **{
            name: _function(function)
            for name, function in FUNCTIONS.items()
            if not function.condition
        },
        **{f"{name}()": _function(function) for name, function in FUNCTIONS.items()},
        **{name: _jinja(name) for name in JINJA},
        **{name: metered(operation) for name, operation in _OWN.items()},
    }


def _function(function: Function) -> Operation:
    @pass_context
    def call(context: Context, *args: Any) -> Any:
        work = work_of(context)
        for arg in args:
            require_defined(arg)
            work.take(arg, shallow=function.shallow)
        item = context.environment.item  # type: ignore[attr-defined]  # a Sandbox has it
        run = Evaluation(work, context.get_all(), item)
        result = function.call(run, *args)
        if isinstance(result, str):
            work.text(len(result))
        return result

    return call


def _jinja(name: str) -> Operation:
    @pass_context
    def call(context: Context, value: Any, *args: Any, **options: Any) -> Any:
        work = work_of(context)
        for part in (value, *args, *options.values()):
            work.take(part, shallow=name in _LIGHT)
        if isinstance(value, str) and name in ("list", "reverse", "sort", "unique"):
            work.charge(len(value) * _MEMBER_COST)
        if name in _NAMING:
            _require_public(name, args, context.environment)
        try:
            result = context.environment.call_filter(f"={name}", value, args, options, context)
        except (AssertionError, AttributeError) as error:
            # Jinja's way to say that a value is of the wrong kind, or a length does not fit.
            raise ExpressionError(f"{name!r} cannot use {shown(value)}: {error}") from error
        plain = isinstance(result, str | int | float | list | tuple | Mapping | Undefined)
        return result if plain or result is None else list(result)

    return call


def _require_public(name: str, args: tuple[Any, ...], environment: Any) -> None:
    """`map('upper')` may name what a pipeline may name, and nothing that evaluates its argument."""
    named = args[_NAMING[name]] if len(args) > _NAMING[name] else "list"
    known = environment.filters if name == "map" else environment.tests
    if (
        not isinstance(named, str)
        or named not in known
        or (name == "map" and not named.isidentifier())
    ):
        raise ExpressionError(f"{name!r} does not know {shown(named)}")


def _text(work: Work, value: Any) -> str:
    require_defined(value)
    work.weigh(value)
    return as_text(value)


def _json(work: Work, value: Any, indent: int | None = None) -> str:
    require_defined(value)
    work.weigh(value)
    return to_json(value, indent)


def _sum(work: Work, value: Any, attribute: str | None = None) -> int | float:
    work.weigh(value)
    if attribute is None:
        return total(value)
    return total([item.get(attribute) if isinstance(item, Mapping) else item for item in value])


_OWN: dict[str, Operation] = {
    "string": _text,
    "tojson": _json,
    "sum": _sum,
    "e": lambda work, value: str(escape(_text(work, value))),
    "escape": lambda work, value: str(escape(_text(work, value))),
}
