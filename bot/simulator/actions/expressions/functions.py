"""The functions of the expression language that need nothing but their arguments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.values import (
    Value,
    are_equal,
    bounded,
    fold,
    is_collection,
    is_true,
    to_text,
)
from bot.simulator.wholeness import whole

Function = Callable[[Sequence[Value]], Value]
MAX_JSON = 1_000_000
MAX_JSON_DEPTH = 100


def contains(arguments: Sequence[Value]) -> bool:
    where, what = arguments
    if isinstance(where, list | tuple):
        return any(are_equal(item, what) for item in where)
    if is_collection(where) or is_collection(what):
        return False
    return fold(to_text(what)) in fold(to_text(where))


def starts_with(arguments: Sequence[Value]) -> bool:
    text, start = arguments
    if is_collection(text) or is_collection(start):
        return False
    return fold(to_text(text)).startswith(fold(to_text(start)))


def ends_with(arguments: Sequence[Value]) -> bool:
    text, end = arguments
    if is_collection(text) or is_collection(end):
        return False
    return fold(to_text(text)).endswith(fold(to_text(end)))


FIELD = re.compile(r"\{\{|\}\}|\{(\d{1,4})\}|[{}]")


def format_text(arguments: Sequence[Value]) -> str:
    """`{0}` names an argument, `{{` and `}}` are braces."""
    pattern, values = to_text(arguments[0]), arguments[1:]
    parts: list[str] = []
    at = size = 0
    for found in FIELD.finditer(pattern):
        parts.append(pattern[at : found.start()])
        parts.append(_field(found, pattern, values))
        size += len(parts[-1]) + len(parts[-2])
        if size > MAX_JSON:
            raise ExpressionError(f"The result is longer than {MAX_JSON:,} characters")
        at = found.end()
    return bounded("".join([*parts, pattern[at:]]))


def _field(found: re.Match[str], pattern: str, values: Sequence[Value]) -> str:
    if found.group() in ("{{", "}}"):
        return found.group()[0]
    if found[1] is None:
        raise ExpressionError(f"The following format string is invalid: {pattern[:200]}")
    if int(found[1]) >= len(values):
        raise ExpressionError(
            "The following format string references more arguments than were supplied: "
            + pattern[:200]
        )
    return to_text(values[int(found[1])])


def join(arguments: Sequence[Value]) -> str:
    items = arguments[0]
    given = arguments[1] if len(arguments) > 1 else []
    separator = "," if is_collection(given) else to_text(given)
    if isinstance(items, list | tuple):
        if len(items) * len(separator) > MAX_JSON:
            raise ExpressionError(f"The result is longer than {MAX_JSON:,} characters")
        return bounded(separator.join(to_text(item) for item in items))
    return "" if isinstance(items, Mapping) else to_text(items)


def to_json(arguments: Sequence[Value]) -> str:
    return bounded(json.dumps(_plain(arguments[0]), indent=2, ensure_ascii=False))


def _plain(value: Value) -> Any:
    """Whole numbers lose the `.0` they get as doubles."""
    match value:
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case float() if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
            return int(value)
        case _:
            return value


def from_json(arguments: Sequence[Value]) -> Value:
    text = to_text(arguments[0])
    if not text.strip():
        raise ExpressionError("Error parsing fromJson: empty input")
    if len(text) > MAX_JSON:
        raise ExpressionError(f"Error parsing fromJson: more than {MAX_JSON:,} characters")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExpressionError(f"Error parsing fromJson: {error}") from error
    if _depth(value) > MAX_JSON_DEPTH:
        raise ExpressionError(f"Error parsing fromJson: nested deeper than {MAX_JSON_DEPTH}")
    return whole(value)


def _depth(value: Value) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        item, depth = todo.pop()
        deepest = max(deepest, depth)
        children = item.values() if isinstance(item, dict) else item
        if isinstance(item, dict | list):
            todo.extend((child, depth + 1) for child in children)
    return deepest


def choose(arguments: Sequence[Value]) -> Value:
    """`case(condition, value, ..., otherwise)`."""
    if len(arguments) % 2 == 0:
        message = "Even number of parameters supplied, requires an odd number of parameters"
        raise ExpressionError(f"{message}: 'case'")
    for condition, value in zip(arguments[0:-1:2], arguments[1::2], strict=True):
        if not isinstance(condition, bool):
            raise ExpressionError("case predicate must evaluate to a boolean value")
        if is_true(condition):
            return value
    return arguments[-1]


PURE: dict[str, tuple[Function, int, int]] = {
    "contains": (contains, 2, 2),
    "startswith": (starts_with, 2, 2),
    "endswith": (ends_with, 2, 2),
    "format": (format_text, 1, 255),
    "join": (join, 1, 2),
    "tojson": (to_json, 1, 1),
    "fromjson": (from_json, 1, 1),
    "case": (choose, 3, 255),
}
"""Each function by its name in lower case, with the least and most arguments it takes."""

STATUS = frozenset({"success", "failure", "always", "cancelled"})
ARITY = {name: (least, most) for name, (_, least, most) in PURE.items()}
ARITY |= {"hashfiles": (1, 255), "always": (0, 0), "cancelled": (0, 0)}
ARITY |= {"success": (0, 255), "failure": (0, 255)}
