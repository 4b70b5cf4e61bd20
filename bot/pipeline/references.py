"""Looks the names of one expression up in what is defined at its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from bot.core.model import Record
from bot.errors import ConfigError
from bot.pipeline.expr import (
    ExpressionError,
    condition_sources,
    names_in_expression,
    names_in_template,
)
from bot.pipeline.known import VARIABLE_SPACES, Missing, Ran
from bot.pipeline.known import Known as Known
from bot.pipeline.paths import Path, path_of, paths, spelled
from bot.pipeline.problems import Report, near, rooted
from bot.pipeline.scope import AMBIENT, RESERVED
from bot.pipeline.shapes import ANYTHING, Fields, NoField, Shape, named
from bot.pipeline.step_base import At
from bot.pipeline.strict_yaml import Document
from bot.pipeline.workflow import GeminiFunction, Workflow

if TYPE_CHECKING:
    from bot.pipeline.load import Library

_STEP = Fields(named(("name", "description")))
_ENVIRONMENT = Fields(named(("mode", "debug_level")))


@dataclass
class Checker:
    """What is known about the whole file, or about one pipeline written inside it."""

    report: Report
    library: Library | None
    workflow: Workflow
    all_steps: frozenset[str]
    all_variables: frozenset[str]
    fragment: bool = False
    callers: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()
    """Names that stood in parts of the file that could not be read."""
    base: At = ()
    """Where the pipeline stands in the file."""
    expects: list[str] = field(default_factory=list)
    free: dict[str, bool] = field(default_factory=dict)
    """Names nobody defines, which are inputs; true for those that must be given."""

    @property
    def document(self) -> Document:
        """The file."""
        return self.report.document

    @property
    def open_names(self) -> bool:
        """No declared inputs, so an unknown name is an input."""
        return self.workflow.inputs is None

    @property
    def types(self) -> Mapping[str, Mapping[str, Any]]:
        """JSON Schemas the file names."""
        return self.workflow.types

    @property
    def functions(self) -> Mapping[str, GeminiFunction]:
        """Functions the file declares."""
        return self.workflow.gemini_functions

    def error(self, message: str, at: At, *, hint: str = "", line: int = 0) -> None:
        """Report an error at a path inside this pipeline."""
        self.report.add(message, (*self.base, *at), hint=hint, line=line)

    def warn(self, message: str, at: At, *, hint: str = "") -> None:
        """Report what loads and runs, and is hardly meant."""
        self.report.warn(message, (*self.base, *at), hint=hint)


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


def require_step(checker: Checker, name: str, at: At, known: Known) -> None:
    """A step to quote: it has run by now, or a fragment expects it from outside."""
    if name in known.ahead and name not in known.steps:
        return
    try:
        ran = _step(checker, name, known, guarded=False)
    except Missing as missing:
        checker.error(str(missing), at)
        return
    if ran.never:
        checker.error(f"step {name!r} never runs, so there is nothing to quote", at)


def error_at(checker: Checker, message: str, at: At) -> ConfigError:
    """An error at a place inside the workflow, to raise."""
    return checker.document.error(message, rooted(checker.document, (*checker.base, *at)))


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


def found(checker: Checker, path: Path, known: Known) -> Shape:
    """What the path leads to; raises `Missing` where there can be nothing."""
    shape, keys = _base(checker, path, known)
    for position, key in enumerate(keys):
        try:
            shape = shape.child(key)
        except NoField as lack:
            so_far = (path.name, *path.keys[: len(path.keys) - len(keys) + position])
            raise Missing(_no_field(so_far, key, lack)) from None
    return shape


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
            if not path.guarded or not _may_appear(checker, path):
                checker.error(str(missing), at, line=path.line)


def _may_appear(checker: Checker, path: Path) -> bool:
    """Whether an expression that copes with absence can ever find something there."""
    name = path.keys[0] if path.name in ("steps", *VARIABLE_SPACES) and path.keys else path.name
    somewhere = checker.all_steps | checker.all_variables | frozenset(RESERVED + AMBIENT)
    return name in somewhere or checker.open_names or checker.fragment


def _base(checker: Checker, path: Path, known: Known) -> tuple[Shape, tuple[str | int, ...]]:
    """The shape the path begins with, and the keys that are still to follow."""
    name, keys = path.name, path.keys
    if name == "steps":
        if not keys or not isinstance(keys[0], str):
            return ANYTHING, ()
        return _step(checker, keys[0], known, guarded=path.guarded).view(), keys[1:]
    if name == "inputs":
        return (_input(checker, str(keys[0]), known, path.guarded), keys[1:]) if keys else _any
    if name in VARIABLE_SPACES and name not in known.everything:
        return (_variable(checker, str(keys[0]), known), keys[1:]) if keys else _any
    if name == "workflow":
        return known.head, keys
    if name == "loop" and name not in known.local:
        raise Missing("'loop' exists only inside a loop")
    return _bare(checker, path, known), keys


_any: tuple[Shape, tuple[str | int, ...]] = (ANYTHING, ())


def _bare(checker: Checker, path: Path, known: Known) -> Shape:
    name = path.name
    if name in known.local:
        return known.local[name]
    if name in known.steps:
        return known.steps[name].view()
    if name in known.apart:
        raise Missing(_kept_apart(name, known))
    if name in known.variables or name in known.inputs:
        return known.variables.get(name) or known.inputs[name]
    if name in checker.lost or name == "models":
        return ANYTHING
    if name in AMBIENT:
        return {"step": _STEP, "environment": _ENVIRONMENT}.get(name, ANYTHING)
    if name in checker.all_steps:
        return _step(checker, name, known, guarded=path.guarded).view()
    if checker.open_names:
        _free(checker, name, known, path.guarded)
        return ANYTHING
    raise Missing(f"{name!r} is not defined here{near(name, known.everything)}")


def _step(checker: Checker, name: str, known: Known, *, guarded: bool) -> Ran:
    if name in known.steps:
        return known.steps[name]
    if name in known.ahead:
        if guarded:
            return known.ahead[name]
        raise Missing(
            f"step {name!r} has not run in the first iteration; "
            f"write `steps.{name}... | default(...)`, or test `steps.{name} exists` before"
        )
    if name in checker.lost:
        return Ran()
    if name in checker.all_steps:
        raise Missing(f"step {name!r} has not run at this point")
    if checker.fragment:
        checker.expects.append(name)
        return Ran()
    raise Missing(f"there is no step {name!r}{near(name, checker.all_steps)}")


def _input(checker: Checker, name: str, known: Known, guarded: bool) -> Shape:
    if checker.open_names:
        checker.free[name] = checker.free.get(name, False) or not guarded
        return ANYTHING
    if name in known.inputs or name in checker.lost:
        return known.inputs.get(name, ANYTHING)
    raise Missing(f"there is no input {name!r}{near(name, known.inputs)}")


def _variable(checker: Checker, name: str, known: Known) -> Shape:
    if name in known.apart:
        raise Missing(_kept_apart(name, known))
    space = known.variable_space()
    if name in space or name in checker.lost or checker.fragment:
        return space.get(name, ANYTHING)
    raise Missing(f"no variable {name!r} is set at this point{near(name, space)}")


def _free(checker: Checker, name: str, known: Known, guarded: bool) -> None:
    checker.free[name] = checker.free.get(name, False) or not guarded


def _kept_apart(name: str, known: Known) -> str:
    loop = known.apart[name]
    return (
        f"{name!r} is set in the parallel loop {loop!r}, whose iterations keep their variables "
        f"to themselves; read `steps.{loop}.results`"
    )


def _no_field(trail: Iterable[str | int], key: str | int, lack: NoField) -> str:
    owner = spelled(trail)
    if not lack.is_map:
        return f"{owner!r} is no map, so it has no field {key!r}"
    choice = near(str(key), lack.known) or (
        f"; there are: {', '.join(sorted(set(lack.known))[:12])}" if lack.known else ""
    )
    return f"{owner!r} has no field {key!r}{choice}"
