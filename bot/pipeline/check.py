"""Checks, before anything runs, that every name a pipeline uses exists by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.pipeline.batch_steps import ManyStep
from bot.pipeline.check_models import check_many_step, check_model_step, check_schema
from bot.pipeline.model_steps import PromptStep
from bot.pipeline.problems import At, rooted
from bot.pipeline.references import (
    Checker,
    Known,
    check_condition,
    check_expression,
    check_value,
    error_at,
)
from bot.pipeline.scope import RESERVED
from bot.pipeline.spec import (
    ForLoopStep,
    LoopStep,
    PipelineStep,
    SetVariableStep,
    Step,
    Workflow,
    walk,
)
from bot.pipeline.step_base import StepBase
from bot.pipeline.strict_yaml import Document

if TYPE_CHECKING:
    from bot.pipeline.load import Library


def check_references(
    document: Document, workflow: Workflow, *, library: Library | None, fragment: bool
) -> tuple[tuple[str, ...], dict[str, bool]]:
    """Raises `ConfigError` at the first bad reference.

    Gives the steps a fragment expects, and the names it takes from outside (true: needed).
    """
    checker = Checker(
        document,
        library,
        frozenset(step.name for step in walk(workflow.steps)),
        open_names=workflow.inputs is None,
        fragment=fragment,
        types=workflow.types,
        functions=workflow.gemini_functions,
    )
    for name, schema in workflow.types.items():
        check_schema(checker, dict(schema), ("types", name))
    inputs = frozenset(workflow.inputs or {})
    for name in inputs & frozenset(RESERVED):
        raise document.error(f"{name!r} is reserved", rooted(document, ("inputs", name)))
    known = _check_steps(checker, workflow.steps, ("steps",), Known(inputs, frozenset(), inputs))
    for name, source in workflow.outputs.items():
        check_expression(checker, source, ("outputs", name), known)
    return tuple(dict.fromkeys(checker.expects)), checker.free


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
    for name in step.templated:
        check_value(checker, getattr(step, name), (*at, name), known)
    for name in step.expressions:
        if isinstance(source := getattr(step, name), str) and source:
            check_expression(checker, source, (*at, name), known)
    check_schema(checker, step.output_schema, (*at, "output_schema"))
    if isinstance(step, PromptStep):
        check_model_step(checker, step, at, known)
    elif isinstance(step, ManyStep):
        check_many_step(checker, step, at, known)
    elif isinstance(step, LoopStep):
        return _check_loop(checker, step, at, known)
    elif isinstance(step, PipelineStep):
        _check_steps(checker, step.steps, (*at, "steps"), known.plus(names=step.inputs))
    elif isinstance(step, SetVariableStep):
        for name in step.variables:
            if name in RESERVED:
                raise error_at(checker, f"{name!r} is reserved", (*at, "variables", name))
        return known.plus(names=step.variables)
    return known.plus(names=step.defines())


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
        name
        for s in walk(step.steps)
        for name in (s.variables if isinstance(s, SetVariableStep) else s.defines())
    }
    return known.plus(names=body)
