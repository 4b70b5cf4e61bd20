"""Dates and durations; a duration is a number of seconds."""

from __future__ import annotations

from typing import Any

from bot.pipeline.expressions.functions.call import Function
from bot.pipeline.expressions.functions.numbers import arithmetic, number_of
from bot.pipeline.expressions.values import ExpressionError, Instant, is_number, shown


def reckon(sign: str, left: Any, right: Any) -> Any:
    """An instant and seconds make an instant; two instants make the seconds between them."""
    if sign == "-" and isinstance(left, str) and isinstance(right, str):
        seconds = Instant.of(left).seconds - Instant.of(right).seconds
        return int(seconds) if seconds.is_integer() else seconds
    if sign in ("+", "-") and isinstance(left, Instant) and is_number(right):
        return _later(left, right if sign == "+" else -right)
    if sign == "+" and isinstance(right, Instant) and is_number(left):
        return _later(right, left)
    raise ExpressionError(f"{sign!r} cannot combine {shown(left)} and {shown(right)}")


def _later(instant: Instant, seconds: float) -> Instant:
    try:
        return instant.later(seconds)
    except OverflowError as error:
        raise ExpressionError(f"there is no date {seconds} seconds from {instant}") from error


def _seconds(name: str, unit: int) -> Function:
    return Function(lambda _, value: arithmetic("*", number_of(value, name), unit))


TIMES: dict[str, Function] = {
    "now": Function(lambda run, *_: run.now(), 0),
    "date": Function(lambda _, value: Instant.of(value)),
    "days": _seconds("days", 86_400),
    "hours": _seconds("hours", 3_600),
    "minutes": _seconds("minutes", 60),
    "seconds": _seconds("seconds", 1),
}
