"""Texts with `${{ }}` in them, conditions, and whole trees of such texts."""

from __future__ import annotations

import functools
import re
from collections.abc import Container
from dataclasses import dataclass

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope, asks_status, check_names, evaluate
from bot.simulator.actions.expressions.values import Value, bounded, is_true, to_text

OPENING = "${{"
CLOSING = re.compile(r"'(?:[^']|'')*'|\}\}|'")


@dataclass(frozen=True)
class Piece:
    text: str
    is_expression: bool


@functools.lru_cache(maxsize=4096)
def split(text: str) -> tuple[Piece, ...]:
    """The literal and the computed pieces of `text`, in order."""
    pieces: list[Piece] = []
    at = 0
    while (start := text.find(OPENING, at)) >= 0:
        if start > at:
            pieces.append(Piece(text[at:start], False))
        end = _closing(text, start)
        pieces.append(Piece(text[start + len(OPENING) : end].strip(), True))
        at = end + 2
    if at < len(text):
        pieces.append(Piece(text[at:], False))
    return tuple(pieces)


def _closing(text: str, start: int) -> int:
    for found in CLOSING.finditer(text, start + len(OPENING)):
        if found.group() == "}}":
            return found.start()
        if found.group() == "'":
            break
    message = "The expression is not closed. An unescaped ${{ sequence was found, but the closing"
    raise ExpressionError(f"{message} }}}} sequence was not found.")


def has_expression(text: str) -> bool:
    return OPENING in text


def render(text: str, scope: Scope) -> str:
    """`text` with every expression replaced by the text of its value."""
    if OPENING not in text:
        return text
    return bounded("".join(_piece_text(piece, scope) for piece in split(text)))


def _piece_text(piece: Piece, scope: Scope) -> str:
    return to_text(evaluate(piece.text, scope)) if piece.is_expression else piece.text


def compute(text: str, scope: Scope) -> Value:
    """Like render, but a text that is one expression keeps the kind of its value."""
    match split(text):
        case (Piece(expression, True),):
            return evaluate(expression, scope)
        case _:
            return render(text, scope)


def compute_tree(value: Value, scope: Scope) -> Value:
    """`value` with every text in it computed, keys too."""
    match value:
        case str():
            return compute(value, scope)
        case dict():
            return {render(k, scope): compute_tree(v, scope) for k, v in value.items()}
        case list() | tuple():
            return [compute_tree(item, scope) for item in value]
        case _:
            return value


def condition_holds(condition: str | None, scope: Scope) -> bool:
    """An `if`: bare or in `${{ }}`; success() is implied unless it asks for a status itself."""
    expression = condition_expression(condition)
    if not asks_status(expression) and not is_true(evaluate("success()", scope)):
        return False
    return is_true(evaluate(expression, scope))


def condition_expression(condition: str | None) -> str:
    """The one expression an `if` stands for. Text around `${{ }}` makes it a text, so true."""
    if condition is None or not condition.strip():
        return "success()"
    if OPENING not in condition:
        return condition.strip()
    pieces = split(condition.strip())
    if len(pieces) == 1:
        return pieces[0].text
    return _as_format(pieces)


def _as_format(pieces: tuple[Piece, ...]) -> str:
    pattern = ""
    arguments: list[str] = []
    for piece in pieces:
        if piece.is_expression:
            pattern += f"{{{len(arguments)}}}"
            arguments.append(piece.text)
        else:
            pattern += piece.text.replace("{", "{{").replace("}", "}}").replace("'", "''")
    return f"format('{pattern}', {', '.join(arguments)})"


def check(text: str, contexts: Container[str], functions: Container[str]) -> None:
    """Reads every expression in `text` and refuses the names that do not exist at its place."""
    for piece in split(text):
        if piece.is_expression:
            check_names(piece.text, contexts, functions)
