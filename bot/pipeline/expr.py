"""Expressions, templates and conditions over a scope."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateError, UndefinedError
from jinja2.runtime import Undefined

from bot.errors import Exit, OtpError
from bot.pipeline.sandbox import FUNCTIONS, MAX_TEXT, Sandbox, kind_of

Scope = Mapping[str, Any]

_ENVIRONMENT = Sandbox()
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
MAX_SOURCE = 200_000


class ExpressionError(OtpError):
    """An expression that does not parse, or names or combines what it cannot."""

    exit_code = Exit.CONFIG


def render(template: str, scope: Scope) -> str:
    """The text with its expressions filled in; values are never templates themselves."""
    if "{" not in template:
        return template
    compiled = _template(template)
    return "".join(_guarded(template, lambda: _bounded(compiled.generate(dict(scope)))))


def evaluate(expression: str, scope: Scope) -> Any:
    """The value of an expression, with or without `{{ }}` around it."""
    source = _unwrapped(expression)
    compiled = _expression(source)
    value = _guarded(source, lambda: [compiled(**dict(scope))])[0]
    if isinstance(value, Undefined):
        _guarded(source, lambda: [str(value)])
    return value


def resolve(value: Any, scope: Scope) -> Any:
    """`value` with every text rendered; a text that is one `{{ expression }}` keeps its type."""
    if isinstance(value, str):
        inner = _whole(value)
        return render(value, scope) if inner is None else evaluate(inner, scope)
    if isinstance(value, Mapping):
        return {key: resolve(item, scope) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, scope) for item in value]
    return value


def holds(condition: Any, scope: Scope) -> bool:
    """Whether a condition is true: text, boolean, list (all of it), or a map of and, or, not."""
    if isinstance(condition, bool):
        return condition
    if isinstance(condition, str):
        return _truth(evaluate(condition, scope), condition)
    if isinstance(condition, list | tuple):
        return all(holds(item, scope) for item in condition)
    key, inner = _connective(condition)
    if key == "not":
        return not holds(inner, scope)
    return (all if key == "and" else any)(holds(item, scope) for item in inner)


def condition_sources(condition: Any) -> tuple[str, ...]:
    """Every expression in a condition; raises `ExpressionError` where its form is wrong."""
    if condition is None or isinstance(condition, bool):
        return ()
    if isinstance(condition, str):
        return (_unwrapped(condition),)
    if isinstance(condition, list | tuple):
        return tuple(source for item in condition for source in condition_sources(item))
    _, inner = _connective(condition)
    return condition_sources(inner)


def names_in_template(template: str) -> tuple[nodes.Template, frozenset[str]]:
    """The parsed template and the names it needs from outside."""
    return _parsed(template, template), _names(template, template)


def names_in_expression(expression: str) -> tuple[nodes.Template, frozenset[str]]:
    """The same for an expression with or without `{{ }}`."""
    source = _unwrapped(expression)
    template = "{{ (" + source + "\n) }}"
    return _parsed(template, source), _names(template, source)


def _connective(condition: Any) -> tuple[str, Any]:
    if not isinstance(condition, Mapping) or len(condition) != 1:
        raise ExpressionError(
            "a condition is text, a boolean, a list, or a map with one of and, or, not; "
            f"got {kind_of(condition)}"
        )
    key, inner = next(iter(condition.items()))
    if key not in ("and", "or", "not"):
        raise ExpressionError(f"a condition map has the key and, or, not; got {key!r}")
    if key != "not" and not isinstance(inner, list | tuple):
        raise ExpressionError(f"{key!r} takes a list of conditions")
    return key, inner


def _truth(value: Any, source: str) -> bool:
    if isinstance(value, str):
        text = value.strip().lower()
        if text in ("true", "false", ""):
            return text == "true"
        raise ExpressionError(
            f"{_short(source)} gives the text {value[:40]!r}, which is neither true nor false"
        )
    return bool(value)


def _unwrapped(source: str) -> str:
    whole = _whole(source)
    if whole is not None:
        return whole
    outside = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), source)
    if "{{" not in outside:
        if "{{" in source:
            raise ExpressionError(
                f"{_short(source)}: no {{{{ }}}} inside quotes; write the name without them"
            )
        return source.strip()
    return _parenthesised(source, outside)


@lru_cache(maxsize=4096)
def _whole(source: str) -> str | None:
    """The expression of a text that is nothing but one `{{ expression }}`."""
    text = source.strip()
    if not (text.startswith("{{") and text.endswith("}}")):
        return None
    body = _parsed(text, text).body
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        return None
    inner = text[2:-2]
    # `{{-` and `-}}` control white space; the sign is not part of the expression.
    inner = inner[1:] if inner[:1] in ("-", "+") else inner
    return inner.removesuffix("-").strip()


def _parenthesised(source: str, outside: str) -> str:
    """`{{ a }} > 3` means `(a) > 3`."""
    pieces: list[str] = []
    position = 0
    for found in re.finditer(r"\{\{|\}\}", outside):
        pieces += [source[position : found.start()], "(" if found[0] == "{{" else ")"]
        position = found.end()
    return "".join([*pieces, source[position:]]).strip()


@lru_cache(maxsize=4096)
def _parsed(template: str, shown: str) -> nodes.Template:
    if len(template) > MAX_SOURCE:
        raise ExpressionError(f"{_short(shown)}: the template is too long")
    try:
        return _ENVIRONMENT.checked(template)
    except TemplateSyntaxError as error:
        raise ExpressionError(f"{_short(shown)}: {error.message}") from error
    except (RecursionError, MemoryError, OverflowError, ValueError) as error:
        raise ExpressionError(
            f"{_short(shown)}: too deeply nested, or too large a number"
        ) from error


@lru_cache(maxsize=4096)
def _names(template: str, shown: str) -> frozenset[str]:
    parsed = _parsed(template, shown)
    try:
        return frozenset(meta.find_undeclared_variables(parsed)) - FUNCTIONS.keys()
    except TemplateSyntaxError as error:
        raise ExpressionError(f"{_short(shown)}: {error.message}") from error
    except (RecursionError, MemoryError) as error:
        raise ExpressionError(f"{_short(shown)}: the expression is nested too deeply") from error


@lru_cache(maxsize=4096)
def _template(source: str) -> Any:
    _parsed(source, source)
    return _compiled(source, lambda: _ENVIRONMENT.from_string(source))


@lru_cache(maxsize=4096)
def _expression(source: str) -> Any:
    if not source:
        raise ExpressionError("an expression is empty")
    names_in_expression(source)
    return _compiled(
        source, lambda: _ENVIRONMENT.compile_expression(source, undefined_to_none=False)
    )


def _compiled(source: str, compile_: Callable[[], Any]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile_()
    except TemplateSyntaxError as error:
        raise ExpressionError(f"{_short(source)}: {error.message}") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{_short(source)}: cannot be compiled") from error


def _guarded(source: str, produce: Callable[[], Any]) -> list[Any]:
    try:
        return list(produce())
    except UndefinedError as error:
        raise ExpressionError(f"{_short(source)}: {error.message}") from error
    except (SecurityError, TemplateError) as error:
        raise ExpressionError(f"{_short(source)}: {error}") from error
    except (
        TypeError,
        ValueError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
    ) as error:
        raise ExpressionError(f"{_short(source)}: {error}") from error


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_TEXT:
            raise SecurityError("the text grows too large")
        yield piece


def _short(source: str) -> str:
    text = " ".join(source.split())
    return repr(text if len(text) <= 80 else text[:77] + "...")
