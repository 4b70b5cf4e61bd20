"""Functions on texts."""

from __future__ import annotations

import hashlib
from typing import Any

from bot.core import regex
from bot.core.regex_program import PatternError
from bot.pipeline.expressions.functions.call import Evaluation, Function, list_of, text_of, whole
from bot.pipeline.expressions.values import (
    ExpressionError,
    as_text,
    holds_inside,
    order,
    require_defined,
    to_json,
)
from bot.pipeline.expressions.work import Work

_REGEX_COST = 5
"""Units for one character a pattern is tried on."""


def contains(value: Any, wanted: Any) -> bool:
    """Whether a text, list or map holds something."""
    return holds_inside(value, wanted)


def matches(work: Work, value: Any, pattern: Any) -> bool:
    """Whether a regular expression is found in a text."""
    text, wanted = text_of(value, "matches"), text_of(pattern, "matches")
    work.charge(_REGEX_COST * len(text))
    try:
        # A text in an expression makes \\b a backspace, which no pattern wants.
        return regex.matches(wanted.replace("\b", r"\b"), text)
    except PatternError as error:
        raise ExpressionError(f"bad pattern {wanted!r}: {error}") from error


def starts_with(value: Any, start: Any) -> bool:
    """Whether a text starts with another."""
    return text_of(value, "starts_with").startswith(text_of(start, "starts_with"))


def ends_with(value: Any, end: Any) -> bool:
    """Whether a text ends with another."""
    return text_of(value, "ends_with").endswith(text_of(end, "ends_with"))


def between(value: Any, low: Any, high: Any) -> bool:
    """Whether a value lies between two others, both included."""
    return order(low, value) <= 0 and order(value, high) <= 0


def is_empty(value: Any) -> bool:
    """Whether it is null, or a text, list or map without content."""
    require_defined(value)
    return value is None or (not isinstance(value, bool | int | float) and len(value) == 0)


def join(work: Work, values: Any, separator: Any = "") -> str:
    """The items as texts, with the separator between them."""
    pieces = [as_text(item) for item in list_of(values, "join")]
    between_all = text_of(separator, "join")
    work.text(sum(map(len, pieces)) + len(between_all) * len(pieces))
    return between_all.join(pieces)


def replace(work: Work, value: Any, old: Any, new: Any) -> str:
    """The text with every `old` replaced."""
    text, gone, come = (text_of(part, "replace") for part in (value, old, new))
    if not gone:
        raise ExpressionError("'replace' needs something to replace, got an empty text")
    work.text(len(text) + text.count(gone) * max(len(come) - len(gone), 0))
    return text.replace(gone, come)


def _substring(_: Evaluation, value: Any, start: Any, length: Any = None) -> str:
    text = text_of(value, "substring")
    begin = whole(start, "substring")
    begin = max(begin + len(text), 0) if begin < 0 else begin
    if length is None:
        return text[begin:]
    return text[begin : begin + max(whole(length, "substring"), 0)]


def _split(run: Evaluation, value: Any, separator: Any = None) -> list[str]:
    text = text_of(value, "split")
    if separator is not None and not text_of(separator, "split"):
        raise ExpressionError("'split' needs a separator, got an empty text")
    run.work.charge(50 * (text.count(separator or " ") + 1))
    return text.split(separator)


def _json(_: Evaluation, value: Any, indent: Any = None) -> str:
    return to_json(value, None if indent is None else whole(indent, "json"))


def _hash(_: Evaluation, value: Any) -> str:
    return hashlib.sha256(as_text(value).encode("utf-8", "surrogatepass")).hexdigest()


TEXTS: dict[str, Function] = {
    "upper": Function(lambda _, value: text_of(value, "upper").upper()),
    "lower": Function(lambda _, value: text_of(value, "lower").lower()),
    "trim": Function(lambda _, value: text_of(value, "trim").strip()),
    "substring": Function(_substring, 2, 3),
    "split": Function(_split, 1, 2),
    "join": Function(lambda run, values, by="": join(run.work, values, by), 1, 2),
    "replace": Function(lambda run, value, old, new: replace(run.work, value, old, new), 3),
    "hash": Function(_hash),
    "json": Function(_json, 1, 2),
    "contains": Function(lambda _, value, wanted: contains(value, wanted), 2),
    "matches": Function(lambda run, value, pattern: matches(run.work, value, pattern), 2),
    "starts_with": Function(lambda _, value, start: starts_with(value, start), 2),
    "ends_with": Function(lambda _, value, end: ends_with(value, end), 2),
    "between": Function(lambda _, value, low, high: between(value, low, high), 3),
    "empty": Function(lambda _, value: is_empty(value), shallow=True),
}
