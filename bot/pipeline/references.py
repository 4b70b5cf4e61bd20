"""Looks the names of one expression up in what is defined at its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from bot.errors import ConfigError
from bot.pipeline.expr import (
    ExpressionError,
    condition_sources,
    names_in_expression,
    names_in_template,
)
from bot.pipeline.problems import At, near, rooted
from bot.pipeline.scope import AMBIENT, RESERVED
from bot.pipeline.strict_yaml import Document

if TYPE_CHECKING:
    from bot.pipeline.load import Library
    from bot.pipeline.workflow import GeminiFunction


@dataclass
class Checker:
    """What is known about the whole file."""

    document: Document
    library: Library | None
    all_steps: frozenset[str]
    open_names: bool
    """No declared inputs, so an unknown name is an input."""
    fragment: bool
    types: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON Schemas the file names."""
    functions: Mapping[str, GeminiFunction] = field(default_factory=dict)
    """Functions the file declares."""
    expects: list[str] = field(default_factory=list)
    free: dict[str, bool] = field(default_factory=dict)
    """Names nothing in the file defines, inputs where none are declared; false for those the file
    can do without: `x | default('')`, `x exists`."""

    def note_free(self, name: str, parsed: nodes.Template) -> None:
        """One more use of a name that must come from outside."""
        needed = name not in _optional(parsed)
        self.free[name] = self.free.get(name, False) or needed


@dataclass(frozen=True)
class Known:
    """What is defined at one point of the file."""

    names: frozenset[str]
    steps: frozenset[str]
    inputs: frozenset[str]

    def plus(self, *, names: Iterable[str] = (), step: str = "") -> Known:
        """The same with more names."""
        return replace(
            self,
            names=self.names | frozenset(names),
            steps=self.steps | ({step} if step else frozenset()),
        )


def check_condition(checker: Checker, condition: Any, at: At, known: Known) -> None:
    """Every expression of a condition, and its form."""
    try:
        sources = condition_sources(condition)
    except ExpressionError as error:
        raise error_at(checker, str(error), at) from error
    for source in sources:
        check_expression(checker, source, at, known)


def check_value(checker: Checker, value: Any, at: At, known: Known) -> None:
    """Every template in a value."""
    if isinstance(value, str):
        if "{" in value:
            _check_parsed(checker, *_parse(checker, names_in_template, value, at), at, known)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_value(checker, item, (*at, key), known)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check_value(checker, item, (*at, index), known)


def check_expression(checker: Checker, source: str, at: At, known: Known) -> None:
    """One expression."""
    _check_parsed(checker, *_parse(checker, names_in_expression, source, at), at, known)


def _parse(
    checker: Checker, parse: Any, source: str, at: At
) -> tuple[nodes.Template, frozenset[str]]:
    try:
        found: tuple[nodes.Template, frozenset[str]] = parse(source)
    except ExpressionError as error:
        raise error_at(checker, str(error), at) from error
    return found


def _check_parsed(
    checker: Checker, parsed: nodes.Template, names: frozenset[str], at: At, known: Known
) -> None:
    for space, key in _spaced(parsed, names):
        if space == "steps":
            require_step(checker, key, at, known)
        elif space == "inputs" and not checker.open_names and key not in known.inputs:
            raise error_at(checker, f"there is no input {key!r}{near(key, known.inputs)}", at)
        elif space == "inputs" and checker.open_names:
            checker.note_free(key, parsed)
    for name in sorted(names - set(RESERVED)):
        if name in known.names or name in known.steps:
            continue
        if name in checker.all_steps:
            raise error_at(checker, f"step {name!r} has not run at this point", at)
        if not checker.open_names:
            everything = known.names | known.steps
            raise error_at(checker, f"{name!r} is not defined here{near(name, everything)}", at)
        if name not in AMBIENT:
            checker.note_free(name, parsed)
    if "loop" in names and "loop" not in known.names:
        raise error_at(checker, "'loop' exists only inside a loop", at)


def _optional(parsed: nodes.Template) -> frozenset[str]:
    """Names an expression asks about before it uses them."""
    asked = (nodes.Filter, nodes.Test)
    return frozenset(
        getattr(node.node, "name", "") or getattr(node.node, "attr", "")
        for node in parsed.find_all(asked)
        if node.name in ("default", "d", "defined", "undefined")
        and isinstance(node.node, nodes.Name | nodes.Getattr)
    )


def _spaced(parsed: nodes.Template, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """`steps.x`, `inputs['x']`: the name space and the name."""
    for node in parsed.find_all((nodes.Getattr, nodes.Getitem)):
        base = getattr(node, "node", None)
        if not isinstance(base, nodes.Name) or base.name not in names:
            continue
        key = node.attr if isinstance(node, nodes.Getattr) else getattr(node, "arg", None)
        text = key.value if isinstance(key, nodes.Const) else key
        if isinstance(text, str):
            yield base.name, text


def require_step(checker: Checker, name: str, at: At, known: Known) -> None:
    """A step that has run by now; a fragment may expect it from outside."""
    if name in known.steps:
        return
    if name in checker.all_steps:
        raise error_at(checker, f"step {name!r} has not run at this point", at)
    if checker.fragment:
        checker.expects.append(name)
        return
    raise error_at(checker, f"there is no step {name!r}{near(name, checker.all_steps)}", at)


def error_at(checker: Checker, message: str, at: At) -> ConfigError:
    """An error at a place inside the workflow."""
    return checker.document.error(message, rooted(checker.document, at))
