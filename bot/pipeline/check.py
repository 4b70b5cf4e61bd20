"""Checks, before anything runs, that every name a pipeline uses exists by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.llm.structured import schema_error
from bot.pipeline.expr import ExpressionError, names_in_template
from bot.pipeline.named_types import NAMED_TYPES
from bot.pipeline.parts import FilePart, PreviousResponsePart, StaticPart
from bot.pipeline.problems import At, near, rooted
from bot.pipeline.references import (
    Checker,
    Known,
    check_condition,
    check_expression,
    check_value,
    error_at,
    require_step,
)
from bot.pipeline.scope import RESERVED
from bot.pipeline.spec import (
    ForLoopStep,
    LoopStep,
    ModelStep,
    PipelineStep,
    SetVariableStep,
    Step,
    Workflow,
    walk,
)
from bot.pipeline.step_base import StepBase
from bot.pipeline.strict_yaml import Document, read_text

if TYPE_CHECKING:
    from bot.pipeline.load import Library

_TEMPLATED = (
    "command",
    "action",
    "feedback",
    "path",
    "content",
    "rules",
    "paths",
    "tests",
    "task",
    "args",
    "message",
)
"""Fields of step types that hold templates."""


def check_references(
    document: Document, workflow: Workflow, *, library: Library | None, fragment: bool
) -> tuple[str, ...]:
    """Raises `ConfigError` at the first bad reference; gives the steps a fragment expects."""
    checker = Checker(
        document,
        library,
        frozenset(step.name for step in walk(workflow.steps)),
        open_names=workflow.inputs is None,
        fragment=fragment,
    )
    inputs = frozenset(workflow.inputs or {})
    for name in inputs & frozenset(RESERVED):
        raise document.error(f"{name!r} is reserved", rooted(document, ("inputs", name)))
    known = _check_steps(checker, workflow.steps, ("steps",), Known(inputs, frozenset(), inputs))
    for name, source in workflow.outputs.items():
        check_expression(checker, source, ("outputs", name), known)
    return tuple(dict.fromkeys(checker.expects))


def _check_steps(checker: Checker, steps: tuple[Step, ...], at: At, known: Known) -> Known:
    for index, step in enumerate(steps):
        here = (*at, index)
        if step.name in RESERVED:
            raise error_at(checker, f"the name {step.name!r} is reserved", (*here, "name"))
        check_condition(
            checker, step.guard, (*here, "when" if step.when is not None else "condition"), known
        )
        known = _check_steps(checker, step.otherwise, (*here, "else"), known)
        added = _check_step(checker, step, here, known)
        known = added.plus(step=step.name)
    return known


def _check_step(checker: Checker, step: StepBase, at: At, known: Known) -> Known:
    for name in _TEMPLATED:
        check_value(checker, getattr(step, name, None), (*at, name), known)
    if isinstance(step, ModelStep):
        _check_model_step(checker, step, at, known)
    elif isinstance(step, LoopStep):
        return _check_loop(checker, step, at, known)
    elif isinstance(step, PipelineStep):
        check_value(checker, step.inputs, (*at, "inputs"), known)
        _check_steps(checker, step.steps, (*at, "steps"), known.plus(names=step.inputs))
    elif isinstance(step, SetVariableStep):
        check_value(checker, step.variables, (*at, "variables"), known)
        for name in step.variables:
            if name in RESERVED:
                raise error_at(checker, f"{name!r} is reserved", (*at, "variables", name))
        return known.plus(names=step.variables)
    return known


def _check_loop(checker: Checker, step: LoopStep, at: At, known: Known) -> Known:
    inner = known.plus(names=("loop",))
    if isinstance(step, ForLoopStep):
        if isinstance(step.data_source, str):
            check_expression(checker, step.data_source, (*at, "data_source"), known)
        else:
            check_value(checker, step.data_source, (*at, "data_source"), known)
        inner = inner.plus(names=(step.iterator,))
    else:
        check_condition(checker, step.condition, (*at, "condition"), inner)
    check_condition(checker, step.continue_condition, (*at, "continue_condition"), inner)
    after = _check_steps(checker, step.steps, (*at, "steps"), inner)
    check_condition(checker, step.break_condition, (*at, "break_condition"), after)
    # Variables set in the body outlive the loop; its steps, its item and `loop` do not.
    body = {
        name for s in walk(step.steps) if isinstance(s, SetVariableStep) for name in s.variables
    }
    return known.plus(names=body)


def _check_model_step(checker: Checker, step: ModelStep, at: At, known: Known) -> None:
    check_value(checker, step.arguments, (*at, "arguments"), known)
    if isinstance(step.output_schema, dict):
        wrong = schema_error(step.output_schema)
        if wrong:
            raise error_at(checker, f"not a usable JSON Schema: {wrong}", (*at, "output_schema"))
    elif isinstance(step.output_schema, str) and step.output_schema not in NAMED_TYPES:
        named = step.output_schema
        hint = near(named, NAMED_TYPES) or f"; known: {', '.join(NAMED_TYPES)}"
        raise error_at(checker, f"there is no type {named!r}{hint}", (*at, "output_schema"))
    for index, part in enumerate(step.prompt):
        here = (*at, "prompt", index)
        check_condition(checker, part.when, (*here, "when"), known)
        if isinstance(part, StaticPart):
            check_value(checker, part.content, (*here, "content"), known)
        elif isinstance(part, FilePart):
            _check_file_part(checker, part, here, known)
        elif isinstance(part, PreviousResponsePart):
            require_step(checker, part.source, (*here, "name" if part.name else "step"), known)


def _check_file_part(checker: Checker, part: FilePart, at: At, known: Known) -> None:
    check_value(checker, part.path, (*at, "path"), known)
    if part.variables is None:
        return
    check_value(checker, part.variables, (*at, "variables"), known)
    if checker.library is None:
        return
    found = checker.library.find(part.path)
    if found is None:
        raise error_at(checker, f"there is no prompt file {part.path!r}", (*at, "path"))
    try:
        _, names = names_in_template(read_text(found))
    except ExpressionError as error:
        raise error_at(checker, f"{part.path}: {error}", (*at, "path")) from error
    for name in sorted(names - part.variables.keys()):
        raise error_at(
            checker,
            f"{part.path} uses {name!r}, which 'variables' does not give",
            (*at, "variables"),
        )
