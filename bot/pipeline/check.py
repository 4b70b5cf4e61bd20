"""Checks, before anything runs, that every name a pipeline uses exists by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from bot.llm.structured import schema_error
from bot.pipeline.expr import (
    ExpressionError,
    condition_sources,
    names_in_expression,
    names_in_template,
)
from bot.pipeline.named_types import NAMED_TYPES
from bot.pipeline.parts import FilePart, PreviousResponsePart, StaticPart
from bot.pipeline.problems import At, near, rooted
from bot.pipeline.scope import RESERVED
from bot.pipeline.spec import (
    ForLoopStep,
    LoopStep,
    ModelStep,
    PipelineStep,
    SetVariableStep,
    Step,
    StepBase,
    Workflow,
    walk,
)
from bot.pipeline.strict_yaml import Document, read_text

if TYPE_CHECKING:
    from bot.pipeline.load import Library

_TEMPLATED = ("command", "action", "feedback", "path", "content", "rules", "paths", "tests", "task", "args", "message")
"""Fields of step types that hold templates."""


@dataclass
class _Checker:
    document: Document
    library: Library | None
    all_steps: frozenset[str]
    open_names: bool
    """No declared inputs, so an unknown name is an input."""
    fragment: bool
    expects: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    """What is defined at one point of the file."""

    names: frozenset[str]
    steps: frozenset[str]
    inputs: frozenset[str]

    def plus(self, *, names: Iterable[str] = (), step: str = "") -> _Known:
        return replace(
            self,
            names=self.names | frozenset(names),
            steps=self.steps | ({step} if step else frozenset()),
        )


def check_references(
    document: Document, workflow: Workflow, *, library: Library | None, fragment: bool
) -> tuple[str, ...]:
    """Raises `ConfigError` at the first bad reference; the steps a fragment expects from outside."""
    checker = _Checker(
        document,
        library,
        frozenset(step.name for step in walk(workflow.steps)),
        open_names=workflow.inputs is None,
        fragment=fragment,
    )
    inputs = frozenset(workflow.inputs or {})
    for name in inputs & frozenset(RESERVED):
        raise document.error(f"{name!r} is reserved", rooted(document, ("inputs", name)))
    known = _check_steps(checker, workflow.steps, ("steps",), _Known(inputs, frozenset(), inputs))
    for name, source in workflow.outputs.items():
        _check_expression(checker, source, ("outputs", name), known)
    return tuple(dict.fromkeys(checker.expects))


def _check_steps(checker: _Checker, steps: tuple[Step, ...], at: At, known: _Known) -> _Known:
    for index, step in enumerate(steps):
        here = (*at, index)
        if step.name in RESERVED:
            raise _error(checker, f"the name {step.name!r} is reserved", (*here, "name"))
        _check_condition(checker, step.guard, (*here, "when" if step.when is not None else "condition"), known)
        known = _check_steps(checker, step.otherwise, (*here, "else"), known)
        added = _check_step(checker, step, here, known)
        known = added.plus(step=step.name)
    return known


def _check_step(checker: _Checker, step: StepBase, at: At, known: _Known) -> _Known:
    for name in _TEMPLATED:
        _check_value(checker, getattr(step, name, None), (*at, name), known)
    if isinstance(step, ModelStep):
        _check_model_step(checker, step, at, known)
    elif isinstance(step, LoopStep):
        return _check_loop(checker, step, at, known)
    elif isinstance(step, PipelineStep):
        _check_value(checker, step.inputs, (*at, "inputs"), known)
        _check_steps(checker, step.steps, (*at, "steps"), known.plus(names=step.inputs))
    elif isinstance(step, SetVariableStep):
        _check_value(checker, step.variables, (*at, "variables"), known)
        for name in step.variables:
            if name in RESERVED:
                raise _error(checker, f"{name!r} is reserved", (*at, "variables", name))
        return known.plus(names=step.variables)
    return known


def _check_loop(checker: _Checker, step: LoopStep, at: At, known: _Known) -> _Known:
    inner = known.plus(names=("loop",))
    if isinstance(step, ForLoopStep):
        if isinstance(step.data_source, str):
            _check_expression(checker, step.data_source, (*at, "data_source"), known)
        else:
            _check_value(checker, step.data_source, (*at, "data_source"), known)
        inner = inner.plus(names=(step.iterator,))
    else:
        _check_condition(checker, step.condition, (*at, "condition"), inner)
    _check_condition(checker, step.continue_condition, (*at, "continue_condition"), inner)
    after = _check_steps(checker, step.steps, (*at, "steps"), inner)
    _check_condition(checker, step.break_condition, (*at, "break_condition"), after)
    # Variables set in the body outlive the loop; its steps, its item and `loop` do not.
    body = {name for s in walk(step.steps) if isinstance(s, SetVariableStep) for name in s.variables}
    return known.plus(names=body)


def _check_model_step(checker: _Checker, step: ModelStep, at: At, known: _Known) -> None:
    _check_value(checker, step.arguments, (*at, "arguments"), known)
    if isinstance(step.output_schema, dict):
        wrong = schema_error(step.output_schema)
        if wrong:
            raise _error(checker, f"not a usable JSON Schema: {wrong}", (*at, "output_schema"))
    elif isinstance(step.output_schema, str) and step.output_schema not in NAMED_TYPES:
        named = step.output_schema
        hint = near(named, NAMED_TYPES) or f"; known: {', '.join(NAMED_TYPES)}"
        raise _error(checker, f"there is no type {named!r}{hint}", (*at, "output_schema"))
    for index, part in enumerate(step.prompt):
        here = (*at, "prompt", index)
        _check_condition(checker, part.when, (*here, "when"), known)
        if isinstance(part, StaticPart):
            _check_value(checker, part.content, (*here, "content"), known)
        elif isinstance(part, FilePart):
            _check_file_part(checker, part, here, known)
        elif isinstance(part, PreviousResponsePart):
            _require_step(checker, part.source, (*here, "name" if part.name else "step"), known)


def _check_file_part(checker: _Checker, part: FilePart, at: At, known: _Known) -> None:
    _check_value(checker, part.path, (*at, "path"), known)
    if part.variables is None:
        return
    _check_value(checker, part.variables, (*at, "variables"), known)
    if checker.library is None:
        return
    found = checker.library.find(part.path)
    if found is None:
        raise _error(checker, f"there is no prompt file {part.path!r}", (*at, "path"))
    try:
        _, names = names_in_template(read_text(found))
    except ExpressionError as error:
        raise _error(checker, f"{part.path}: {error}", (*at, "path")) from error
    for name in sorted(names - part.variables.keys()):
        raise _error(checker, f"{part.path} uses {name!r}, which 'variables' does not give", (*at, "variables"))


def _check_condition(checker: _Checker, condition: Any, at: At, known: _Known) -> None:
    try:
        sources = condition_sources(condition)
    except ExpressionError as error:
        raise _error(checker, str(error), at) from error
    for source in sources:
        _check_expression(checker, source, at, known)


def _check_value(checker: _Checker, value: Any, at: At, known: _Known) -> None:
    if isinstance(value, str):
        if "{" in value:
            _check_parsed(checker, *_parse(checker, names_in_template, value, at), at, known)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_value(checker, item, (*at, key), known)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_value(checker, item, (*at, index), known)


def _check_expression(checker: _Checker, source: str, at: At, known: _Known) -> None:
    _check_parsed(checker, *_parse(checker, names_in_expression, source, at), at, known)


def _parse(checker: _Checker, parse: Any, source: str, at: At) -> tuple[nodes.Template, frozenset[str]]:
    try:
        found: tuple[nodes.Template, frozenset[str]] = parse(source)
    except ExpressionError as error:
        raise _error(checker, str(error), at) from error
    return found


def _check_parsed(checker: _Checker, parsed: nodes.Template, names: frozenset[str], at: At, known: _Known) -> None:
    for space, key in _spaced(parsed, names):
        if space == "steps":
            _require_step(checker, key, at, known)
        elif space == "inputs" and not checker.open_names and key not in known.inputs:
            raise _error(checker, f"there is no input {key!r}{near(key, known.inputs)}", at)
    for name in sorted(names - set(RESERVED)):
        if name in known.names or name in known.steps:
            continue
        if name in checker.all_steps:
            raise _error(checker, f"step {name!r} has not run at this point", at)
        if not checker.open_names:
            everything = known.names | known.steps
            raise _error(checker, f"{name!r} is not defined here{near(name, everything)}", at)
    if "loop" in names and "loop" not in known.names:
        raise _error(checker, "'loop' exists only inside a loop", at)


def _spaced(parsed: nodes.Template, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """`steps.x`, `inputs['x']`: the name space and the name."""
    for node in parsed.find_all((nodes.Getattr, nodes.Getitem)):
        base = node.node  # type: ignore[attr-defined]
        if not isinstance(base, nodes.Name) or base.name not in names:
            continue
        key = node.attr if isinstance(node, nodes.Getattr) else getattr(node, "arg", None)
        text = key.value if isinstance(key, nodes.Const) else key
        if isinstance(text, str):
            yield base.name, text


def _require_step(checker: _Checker, name: str, at: At, known: _Known) -> None:
    if name in known.steps:
        return
    if name in checker.all_steps:
        raise _error(checker, f"step {name!r} has not run at this point", at)
    if checker.fragment:
        checker.expects.append(name)
        return
    raise _error(checker, f"there is no step {name!r}{near(name, checker.all_steps)}", at)


def _error(checker: _Checker, message: str, at: At) -> Exception:
    return checker.document.error(message, rooted(checker.document, at))
