"""Cuts an expression into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.simulator.actions.expressions.errors import ExpressionError

MAX_LENGTH = 21_000
"""GitHub's own bound on the length of an expression."""

Kind = Literal["number", "string", "keyword", "name", "operator", "end"]

PATTERN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<string>'(?:[^']|'')*')
      | (?P<number>(?:0x[0-9a-fA-F]+|0o[0-7]+
                    |[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?
                    |[+-]?Infinity|NaN)(?![A-Za-z0-9_.-]))
      | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<operator>&&|\|\||==|!=|<=|>=|[<>!()\[\].,*])""",
    re.VERBOSE,
)
NAME = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_-]*)")
KEYWORDS = {"true", "false", "null"}


@dataclass(frozen=True)
class Token:
    kind: Kind
    text: str
    position: int
    """1-based, as GitHub's messages count."""


def cut(expression: str) -> list[Token]:
    if len(expression) > MAX_LENGTH:
        raise ExpressionError(f"The expression exceeds {MAX_LENGTH:,} characters")
    return [*_tokens(expression), Token("end", "", len(expression) + 1)]


def _tokens(expression: str) -> Iterator[Token]:
    at, after_dot = 0, False
    while at < len(expression):
        found = (after_dot and NAME.match(expression, at)) or PATTERN.match(expression, at)
        if found is None:
            raise ExpressionError(_complaint(expression, at), expression, at + 1)
        text, kind = found.group(), found.lastgroup
        if kind != "space":
            yield Token(_kind(kind, text, after_dot), text, at + 1)
            after_dot = text == "."
        at = found.end()


def _kind(kind: str | None, text: str, after_dot: bool) -> Kind:
    match kind:
        case "string" | "operator" | "number":
            return kind
        case _ if text in KEYWORDS and not after_dot:
            return "keyword"
        case _:
            return "name"


def _complaint(expression: str, at: int) -> str:
    rest = re.split(r"[\s()\[\],]", expression[at:], maxsplit=1)[0][:40] or expression[at]
    return f"Unexpected symbol: {rest!r}"
