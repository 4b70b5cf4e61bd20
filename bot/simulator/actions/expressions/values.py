"""The values of expressions, and GitHub's loose rules for comparing and converting them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError

Value = Any
"""None, bool, int, float, str, list of values or mapping of str to value, as JSON has them."""

LARGEST_TEXT = 1_000_000
DOTLESS_I = "\N{LATIN SMALL LETTER DOTLESS I}"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")


class ExactKeys(dict[str, Value]):
    """A mapping whose keys keep their case, as `env` on Linux; all others ignore it."""


def is_collection(value: Value) -> bool:
    return isinstance(value, Mapping | list | tuple)


def is_true(value: Value) -> bool:
    """False are `false`, 0, NaN, the empty string and null; every collection is true."""
    if is_collection(value):
        return True
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value)


def to_number(value: Value) -> float:
    """NaN where GitHub finds no number."""
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return _double(value)
    if isinstance(value, str):
        return parse_number(value)
    return math.nan


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def parse_number(text: str) -> float:
    text = text.strip()
    if not text:
        return 0.0
    if BASED.fullmatch(text):
        return float(int(text, 0)) if len(text) <= 40 else math.nan
    if NUMBER.fullmatch(text):
        return float(text)
    return {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}.get(text, math.nan)


def to_text(value: Value) -> str:
    """The form interpolation writes; a collection is only named."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return number_text(value)
        case Mapping():
            return "Object"
        case _:
            return "Array"


def number_text(value: float) -> str:
    """Fifteen digits, whole numbers without a point."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}".replace("e", "E")


def fold(text: str) -> str:
    """One case for all, character by character: `ß` stays, and the dotless i is no I."""
    if text.isascii():
        return text.upper()
    return "".join(c if c == DOTLESS_I or len(c.upper()) > 1 else c.upper() for c in text)


def are_equal(left: Value, right: Value) -> bool:
    """`==`: strings ignore case, unlike kinds meet as numbers, collections by identity."""
    if is_collection(left) or is_collection(right):
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return fold(left) == fold(right)
    if left is None and right is None:
        return True
    return to_number(left) == to_number(right)


def is_less(left: Value, right: Value) -> bool:
    """`<`: strings ignore case, everything else compares as numbers; NaN never compares."""
    if isinstance(left, str) and isinstance(right, str):
        return fold(left) < fold(right)
    return to_number(left) < to_number(right)


def is_at_most(left: Value, right: Value) -> bool:
    """`<=`, which is not `not >`, for NaN is neither."""
    if isinstance(left, str) and isinstance(right, str):
        return fold(left) <= fold(right)
    return to_number(left) <= to_number(right)


def look_up(value: Value, key: Value) -> Value:
    """The member of a collection; null where there is none, as GitHub has it."""
    if isinstance(value, Mapping):
        return _member(value, to_text(key)) if not is_collection(key) else None
    if isinstance(value, list | tuple) and not is_collection(key):
        index = to_number(key)
        if not math.isnan(index) and 0 <= index < len(value):
            return value[int(index)]
    return None


def _member(value: Mapping[str, Value], key: str) -> Value:
    if key in value:
        return value[key]
    if isinstance(value, ExactKeys):
        return None
    wanted = fold(key)
    return next((v for k, v in value.items() if fold(str(k)) == wanted), None)


def bounded(text: str) -> str:
    """Refuses a result that only a hostile expression would make."""
    if len(text) > LARGEST_TEXT:
        raise ExpressionError(f"The result is longer than {LARGEST_TEXT:,} characters")
    return text
