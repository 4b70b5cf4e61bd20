"""One value of many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.pipeline.expressions.functions.lists import distinct
from bot.pipeline.expressions.functions.numbers import (
    average,
    deviation,
    greatest,
    least,
    median,
    total,
    variance,
)

AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "sum": total,
    "average": average,
    "count": len,
    "min": least,
    "max": greatest,
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "unique": lambda values: distinct(values, values),
    "count_distinct": lambda values: len(distinct(values, values)),
    "std_dev": deviation,
    "variance": variance,
    "median": median,
}
"""By name. They get no null: what was not measured does not count."""
