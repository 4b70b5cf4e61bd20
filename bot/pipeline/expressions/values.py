"""The values of the expression language: their kinds, when two are equal, and which comes first.

JSON values and nothing else, plus instants, which are texts that can be reckoned with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from jinja2.exceptions import TemplateError
from jinja2.runtime import Undefined

from bot.errors import Exit, OtpError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExpressionError(OtpError):
    """An expression that does not parse, or names or combines what it cannot."""

    exit_code = Exit.CONFIG


class Instant(str):
    """A point in time as ISO 8601 text in UTC; plain text to everything that only reads it."""

    __slots__ = ()

    @staticmethod
    def of(value: Any) -> Instant:
        """From ISO 8601 text, a date, or seconds since 1970; raises `ExpressionError`."""
        if isinstance(value, Instant):
            return value
        try:
            if isinstance(value, str):
                return Instant._from(datetime.fromisoformat(value.strip()))
            if is_number(value):
                return Instant._from(_EPOCH + timedelta(seconds=value))
        except (ValueError, OverflowError):
            pass
        raise ExpressionError(f"{shown(value)} is no date or time; write 2026-11-25T17:00:00Z")

    @staticmethod
    def _from(moment: datetime) -> Instant:
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return Instant(aware.isoformat().replace("+00:00", "Z"))

    @property
    def seconds(self) -> float:
        """Since 1970."""
        return (datetime.fromisoformat(self) - _EPOCH).total_seconds()

    def later(self, seconds: float) -> Instant:
        """The instant that many seconds after this one."""
        return Instant._from(datetime.fromisoformat(self) + timedelta(seconds=seconds))


def is_number(value: Any) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind_of(value: Any) -> str:
    """The value's kind in the words of the language."""
    if value is None:
        return "null"
    for types, name in (
        (bool, "a boolean"),
        (str, "text"),
        ((int, float), "a number"),
        (Mapping, "a map"),
    ):
        if isinstance(value, types):
            return name
    return "a list" if isinstance(value, list | tuple) else "something undefined"


def shown(value: Any) -> str:
    """A value in a message: its kind, and what it is where that is short."""
    require_defined(value)
    if isinstance(value, str):
        return f"the text {value if len(value) <= 40 else value[:37] + '...'!r}"
    if is_number(value):
        return f"the number {str(value)[:40]}"
    if isinstance(value, bool):
        return str(value).lower()
    return kind_of(value)


def require_defined(value: Any) -> None:
    """Raises for something that is not there, saying what."""
    if isinstance(value, Undefined):
        str(value)


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same; values of different kinds never are."""
    if isinstance(left, str) and isinstance(right, str):
        if isinstance(left, Instant) or isinstance(right, Instant):
            return Instant.of(left) == Instant.of(right)
        return left == right
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    require_defined(left)
    require_defined(right)
    return left is right


def order(left: Any, right: Any) -> int:
    """Negative, zero or positive as `left` comes before, with or after `right`.

    Numbers, texts, booleans and instants have an order among their own kind; the rest is an error.
    """
    if isinstance(left, Instant) or isinstance(right, Instant):
        left, right = Instant.of(left).seconds, Instant.of(right).seconds
    elif not (is_number(left) and is_number(right)) and not any(
        isinstance(left, kind) and isinstance(right, kind) for kind in (str, bool)
    ):
        raise ExpressionError(f"cannot compare {shown(left)} with {shown(right)}")
    return int(left > right) - int(left < right)


def holds_inside(container: Any, wanted: Any) -> bool:
    """Whether a list has the item, a text the text, a map the key."""
    require_defined(wanted)
    if isinstance(container, str):
        return as_text(wanted) in container
    if isinstance(container, Mapping):
        return wanted in container
    if isinstance(container, list | tuple):
        return any(equal(item, wanted) for item in container)
    require_defined(container)
    raise ExpressionError(f"expected text, a list or a map, got {shown(container)}")


def to_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON, letters of all languages as they are."""
    spaces = min(indent, 8) if indent else None
    return json.dumps(value, ensure_ascii=False, indent=spaces, default=dict)


def as_text(value: Any) -> str:
    """How a value stands in a text: maps, lists, booleans and null as JSON."""
    if value is None or isinstance(value, bool | list | tuple | Mapping):
        return to_json(value)
    return str(value)


def short(source: str) -> str:
    """An expression as a message quotes it."""
    text = " ".join(source.split())
    return repr(text if len(text) <= 80 else text[:77] + "...")


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes an `ExpressionError` that begins with `where`."""
    try:
        yield
    except ExpressionError as error:
        raise ExpressionError(f"{where}: {error.message}", hint=error.hint) from error
    except TemplateError as error:
        raise ExpressionError(f"{where}: {error.message}") from error
    except (RecursionError, MemoryError) as error:
        raise ExpressionError(f"{where}: nested too deeply, or too large") from error
    except (TypeError, ValueError, ArithmeticError, LookupError, SyntaxError) as error:
        raise ExpressionError(f"{where}: {error}") from error
