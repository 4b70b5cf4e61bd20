"""Checks the names of expressions, templates and conditions against what is defined by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from bot.core.model import Record
from bot.pipeline.checks.checker import Checker as Checker
from bot.pipeline.checks.known import Known as Known
from bot.pipeline.checks.known import Missing
from bot.pipeline.checks.lookup import check_trail, found, may_appear, passed_step
from bot.pipeline.checks.paths import path_of, paths
from bot.pipeline.checks.shapes import ANYTHING, Shape
from bot.pipeline.expressions.expr import (
    ExpressionError,
    condition_sources,
    names_in_expression,
    names_in_template,
)
from bot.pipeline.language.step_base import At


def check_condition(checker: Checker, condition: Any, at: At, known: Known) -> None:
    """Every expression of a condition, and its form."""
    try:
        sources = condition_sources(condition)
    except ExpressionError as error:
        checker.error(error.message, at)
        return
    for source in sources:
        check_expression(checker, source, at, known)


def check_value(checker: Checker, value: Any, at: At, known: Known) -> None:
    """Every template in a value."""
    if isinstance(value, str):
        if "{" in value:
            _check_source(checker, names_in_template, value, at, known)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_value(checker, item, (*at, key), known)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check_value(checker, item, (*at, index), known)
    elif isinstance(value, Record):
        for key in sorted(value.model_fields_set):
            check_value(checker, getattr(value, key), (*at, key), known)


def check_expression(checker: Checker, source: str, at: At, known: Known) -> None:
    """One expression."""
    _check_source(checker, names_in_expression, source, at, known)


def require_step(checker: Checker, name: str, at: At, known: Known, *, extract: str = "") -> None:
    """A step to quote: it has run by now, or a fragment expects it from outside.

    `extract` is the place in its data that is wanted.
    """
    if name in known.ahead and name not in known.steps:
        return
    try:
        ran = passed_step(checker, name, known, guarded=False)
    except Missing as missing:
        checker.error(str(missing), at)
        return
    if ran.never:
        checker.error(f"step {name!r} never runs, so there is nothing to quote", at)
    if extract:
        try:
            check_trail(ran.data, name, extract)
        except (Missing, ValueError) as wrong:
            checker.error(str(wrong), (*at[:-1], "extract"))


def shape_of(checker: Checker, source: str, known: Known) -> Shape:
    """The shape of an expression that is a plain path; anything for any other."""
    try:
        parsed, _ = names_in_expression(source)
        node = sole_expression(parsed)
        path = path_of(node) if node is not None else None
        return ANYTHING if path is None else found(checker, path, known)
    except (ExpressionError, Missing):
        return ANYTHING


def sole_expression(parsed: nodes.Template) -> nodes.Node | None:
    """The expression of a text that is nothing else."""
    body = parsed.body
    if len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1:
        return body[0].nodes[0]
    return None


def _check_source(
    checker: Checker,
    parse: Callable[[str], tuple[nodes.Template, frozenset[str]]],
    source: str,
    at: At,
    known: Known,
) -> None:
    try:
        parsed, names = parse(source)
    except ExpressionError as error:
        checker.error(error.message, at)
        return
    for path in paths(parsed, names):
        try:
            found(checker, path, known)
        except Missing as missing:
            if not path.guarded or not may_appear(checker, path):
                checker.error(str(missing), at, line=path.line)
