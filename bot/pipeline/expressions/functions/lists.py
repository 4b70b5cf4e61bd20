"""Functions on lists and maps, and those that look at each item."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

from bot.pipeline.expressions.functions.call import (
    Evaluation,
    Function,
    items_of,
    list_of,
    map_of,
    text_of,
    whole,
)
from bot.pipeline.expressions.values import ExpressionError, order, shown

MAX_RANGE = 10_000
_NUMBER_COST = 20
_ORDER = cmp_to_key(order)


def length(value: Any, name: str = "length") -> int:
    """Characters of a text, items of a list, keys of a map."""
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise ExpressionError(f"{name!r} needs text, a list or a map, got {shown(value)}")


def ordered(items: list[Any], keys: list[Any], *, descending: bool = False) -> list[Any]:
    """The items by their keys, equal ones as they stood; null comes last either way."""
    there = [pair for pair in zip(keys, items, strict=True) if pair[0] is not None]
    missing = [item for key, item in zip(keys, items, strict=True) if key is None]
    there.sort(key=lambda pair: _ORDER(pair[0]), reverse=descending)
    return [item for _, item in there] + missing


def distinct(items: list[Any], keys: list[Any]) -> list[Any]:
    """The first item of each key."""
    first: dict[str, Any] = {}
    for item, key in zip(items, keys, strict=True):
        first.setdefault(identity(key), item)
    return list(first.values())


def identity(value: Any) -> str:
    """A text that equal values share and different ones do not, for looking them up."""
    return json.dumps(canonical(value), sort_keys=True)


def canonical(value: Any) -> Any:
    """The same value with one spelling for each number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return value


def _count(run: Evaluation, values: Any, condition: str | None = None) -> int:
    if condition is None:
        return length(values, "count")
    return sum(run.where(condition, items_of(values, "count")))


def _any(run: Evaluation, values: Any, condition: str | None = None) -> bool:
    items = items_of(values, "any")
    return any(items if condition is None else run.where(condition, items))


def _all(run: Evaluation, values: Any, condition: str | None = None) -> bool:
    items = items_of(values, "all")
    return all(items if condition is None else run.where(condition, items))


def _filter(run: Evaluation, values: Any, condition: str) -> Any:
    items = items_of(values, "filter")
    kept = [item for item, keep in zip(items, run.where(condition, items), strict=True) if keep]
    if isinstance(values, Mapping):
        return {entry["key"]: entry["value"] for entry in kept}
    return kept


def _map(run: Evaluation, values: Any, expression: str) -> list[Any]:
    return run.each(expression, items_of(values, "map"))


def _sort(run: Evaluation, values: Any, key: str | None = None) -> list[Any]:
    items = list_of(values, "sort")
    return ordered(items, items if key is None else run.each(key, items))


def _unique(run: Evaluation, values: Any, key: str | None = None) -> list[Any]:
    items = list_of(values, "unique")
    return distinct(items, items if key is None else run.each(key, items))


def _range(run: Evaluation, start: Any, stop: Any = None, step: Any = 1) -> list[int]:
    first, end = (0, start) if stop is None else (start, stop)
    if whole(step, "range") == 0:
        raise ExpressionError("'range' needs a step other than 0")
    found = range(whole(first, "range"), whole(end, "range"), step)
    if len(found) > MAX_RANGE:
        raise ExpressionError(f"'range' gives at most {MAX_RANGE} numbers, not {len(found)}")
    run.work.charge(_NUMBER_COST * len(found))
    return list(found)


def _slice(_: Evaluation, values: Any, start: Any, end: Any = None) -> list[Any]:
    stop = None if end is None else whole(end, "slice")
    return list_of(values, "slice")[whole(start, "slice") : stop]


def _chunk(_: Evaluation, values: Any, size: Any) -> list[list[Any]]:
    items, step = list_of(values, "chunk"), whole(size, "chunk")
    if step < 1:
        raise ExpressionError(f"'chunk' needs a size of at least 1, got {step}")
    return [items[start : start + step] for start in range(0, len(items), step)]


def _concat(run: Evaluation, *parts: Any) -> Any:
    if isinstance(parts[0], str):
        pieces = [text_of(part, "concat") for part in parts]
        run.work.text(sum(map(len, pieces)))
        return "".join(pieces)
    return [item for part in parts for item in list_of(part, "concat")]


def _merge(_: Evaluation, *parts: Any) -> dict[Any, Any]:
    return {key: value for part in parts for key, value in map_of(part, "merge").items()}


def _at(position: int, name: str) -> Function:
    return Function(lambda _, values: (list_of(values, name) or [None])[position], shallow=True)


LISTS: dict[str, Function] = {
    "length": Function(lambda _, value: length(value), shallow=True),
    "count": Function(_count, 1, 2, condition=True, shallow=True),
    "any": Function(_any, 1, 2, condition=True, shallow=True),
    "all": Function(_all, 1, 2, condition=True, shallow=True),
    "filter": Function(_filter, 2, condition=True, shallow=True),
    "map": Function(_map, 2, condition=True, shallow=True),
    "sort": Function(_sort, 1, 2, condition=True),
    "unique": Function(_unique, 1, 2, condition=True),
    "first": _at(0, "first"),
    "last": _at(-1, "last"),
    "append": Function(lambda _, values, item: [*list_of(values, "append"), item], 2),
    "concat": Function(_concat, 1, -1),
    "range": Function(_range, 1, 3),
    "slice": Function(_slice, 2, 3, shallow=True),
    "chunk": Function(_chunk, 2),
    "keys": Function(lambda _, value: list(map_of(value, "keys")), shallow=True),
    "values": Function(lambda _, value: list(map_of(value, "values").values()), shallow=True),
    "merge": Function(_merge, 1, -1, shallow=True),
}
