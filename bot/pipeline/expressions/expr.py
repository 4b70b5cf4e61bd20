"""Expressions, templates and conditions over a scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, nodes

from bot.pipeline.expressions.items import ItemExpression, inner_items
from bot.pipeline.expressions.sandbox import Compiled, Sandbox, bounded
from bot.pipeline.expressions.syntax import names_of
from bot.pipeline.expressions.values import ExpressionError as ExpressionError
from bot.pipeline.expressions.values import explained, kind_of, require_defined, short
from bot.pipeline.expressions.work import MAX_TEXT, NAME, Work

Scope = Mapping[str, Any]

_ENVIRONMENT = Sandbox()


def render(template: str, scope: Scope) -> str:
    """The text with its expressions filled in; values are never templates themselves."""
    if "{" not in template:
        return template
    compiled = _template(template)
    with explained(short(template)):
        return "".join(bounded(compiled.generate({**scope, NAME: Work()}), MAX_TEXT))


def evaluate(expression: str, scope: Scope) -> Any:
    """The value of an expression, with or without `{{ }}` around it."""
    source = _unwrapped(expression)
    return _run(source, _expression(source), scope)


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
        source = _unwrapped(condition)
        return bool(_run(source, _expression(source, condition=True), scope))
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


def condition_expression(condition: Any) -> str:
    """A condition of any form as one expression; raises `ExpressionError` for any other form."""
    if isinstance(condition, bool):
        return str(condition).lower()
    if isinstance(condition, str):
        return _unwrapped(condition)
    if isinstance(condition, list | tuple):
        return _joined("and", condition)
    key, inner = _connective(condition)
    return f"not {_joined('and', [inner])}" if key == "not" else _joined(key, inner)


def _joined(word: str, conditions: Any) -> str:
    sources = [condition_expression(condition) for condition in conditions]
    for source in sources:
        # A bracket closed in one and opened in the next would change what is joined.
        names_in_expression(source)
    joined = f" {word} ".join(f"({source}\n)" for source in sources)
    return f"({joined})" if sources else str(word == "and").lower()


def item_expression(source: str) -> ItemExpression:
    """An expression about each item of a list; raises `ExpressionError`."""
    with explained(short(source)):
        return _ENVIRONMENT.item(_unwrapped(source))


@lru_cache(maxsize=4096)
def names_in_template(template: str) -> tuple[nodes.Template, frozenset[str]]:
    """The parsed template and the names it needs from outside."""
    with explained(short(template)):
        return _with_items(_parsed(template))


@lru_cache(maxsize=4096)
def names_in_expression(expression: str) -> tuple[nodes.Template, frozenset[str]]:
    """The same for an expression with or without `{{ }}`."""
    source = _unwrapped(expression)
    with explained(short(source)):
        return _with_items(_ENVIRONMENT.parse_expression(source))


def _with_items(parsed: nodes.Template) -> tuple[nodes.Template, frozenset[str]]:
    """With what is asked of each item of a list, and the names that takes from around."""
    names, body = names_of(parsed), list(parsed.body)
    for item in inner_items(_ENVIRONMENT, parsed):
        names |= item.outer
        body += _with_items(item.parsed)[0].body
    return nodes.Template(body, lineno=1), names


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


def _run(source: str, compiled: Compiled, scope: Scope) -> Any:
    work = Work()
    with explained(short(source)):
        value = compiled({**scope, NAME: work})
        require_defined(value)
        if isinstance(value, list | tuple | Mapping) and not compiled.path:
            work.weigh(value)
    return value


def _unwrapped(source: str) -> str:
    whole = _whole(source)
    if whole is not None:
        return whole
    if "{{" not in source:
        return source.strip()
    marks = list(_marks(source))
    if not marks:
        raise ExpressionError(
            f"{short(source)}: no {{{{ }}}} inside quotes; write the name without them"
        )
    return _parenthesised(source, marks)


@lru_cache(maxsize=4096)
def _whole(source: str) -> str | None:
    """The expression of a text that is nothing but one `{{ expression }}`."""
    text = source.strip()
    if not (text.startswith("{{") and text.endswith("}}")):
        return None
    with explained(short(text)):
        body = _parsed(text).body
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        return None
    inner = text[2:-2]
    # `{{-` and `-}}` control white space; the sign is not part of the expression.
    inner = inner[1:] if inner[:1] in ("-", "+") else inner
    return inner.removesuffix("-").strip()


def _marks(source: str) -> Iterator[tuple[int, str]]:
    """Where `{{` and `}}` stand outside quotes."""
    quote, position = "", 0
    while position < len(source):
        character = source[position]
        if quote:
            position += character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif source.startswith(("{{", "}}"), position):
            yield position, "(" if character == "{" else ")"
            position += 1
        position += 1


def _parenthesised(source: str, marks: list[tuple[int, str]]) -> str:
    """`{{ a }} > 3` means `(a) > 3`."""
    pieces: list[str] = []
    position = 0
    for start, bracket in marks:
        pieces += [source[position:start], bracket]
        position = start + 2
    return "".join([*pieces, source[position:]]).strip()


@lru_cache(maxsize=4096)
def _parsed(template: str) -> nodes.Template:
    return _ENVIRONMENT.checked(template)


@lru_cache(maxsize=4096)
def _template(source: str) -> Template:
    with explained(short(source)):
        return _ENVIRONMENT.from_string(_ENVIRONMENT.checked(source))


@lru_cache(maxsize=4096)
def _expression(source: str, *, condition: bool = False) -> Compiled:
    with explained(short(source)):
        return _ENVIRONMENT.expression(source, condition=condition)
