"""Ranges in qualifiers: `>=5`, `1..9`, `<2026-01-31`, `2026-01-01T00:00:00Z..*`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from bot.simulator.rest.issues.search.query import bad_query
from bot.simulator.rest.numbers import whole_number

T = TypeVar("T", int, datetime)


@dataclass(frozen=True)
class Range(Generic[T]):
    """From `low` on, up to but without `end`; None is without bound."""

    low: T | None
    end: T | None

    def __contains__(self, value: T) -> bool:
        above = self.low is None or value >= self.low
        return above and (self.end is None or value < self.end)


Span = Callable[[str], tuple[T, T]]
"""Where what was written begins, and where it is over: a day is 24 hours long."""


def number_range(text: str) -> Range[int]:
    """Raises:
    ApiError: 422.
    """
    return _range(text, _number)


def time_range(text: str) -> Range[datetime]:
    """Raises:
    ApiError: 422.
    """
    return _range(text, _time)


def _range(text: str, span: Span[T]) -> Range[T]:
    if ".." in text:
        low, _, high = text.partition("..")
        return Range(
            None if low in ("*", "") else span(low)[0],
            None if high in ("*", "") else span(high)[1],
        )
    for sign in (">=", "<=", ">", "<"):
        if text.startswith(sign):
            begin, over = span(text[len(sign) :])
            if sign[0] == ">":
                return Range(begin if sign == ">=" else over, None)
            return Range(None, over if sign == "<=" else begin)
    return Range(*span(text))


def _number(text: str) -> tuple[int, int]:
    number = whole_number(text)
    if number is None:
        raise bad_query(f"{text[:40]!r} is not a number.")
    return number, number + 1


def _time(text: str) -> tuple[datetime, datetime]:
    try:
        begin = datetime.fromisoformat(text)
        if begin.tzinfo is None:
            begin = begin.replace(tzinfo=UTC)
        return begin, begin + (timedelta(days=1) if len(text) == 10 else timedelta(seconds=1))
    except (ValueError, OverflowError) as error:
        raise bad_query(f"{text[:40]!r} is not a recognized date/time format.") from error
