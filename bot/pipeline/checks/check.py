"""Checks, before anything runs, that every name a pipeline uses exists by then."""

from __future__ import annotations

from dataclasses import replace

from bot.pipeline.checks.check_calls import Called, check_call, inline_checker, picked
from bot.pipeline.checks.check_flow import (
    check_guard,
    check_jump,
    check_loop,
    check_switch_step,
    unreached,
    visible,
)
from bot.pipeline.checks.check_head import (
    check_free_names,
    check_head,
    input_shape,
    require_unique_names,
)
from bot.pipeline.checks.check_models import check_many_step, check_model_step, check_schema
from bot.pipeline.checks.known import Known, Ran, joined, opening
from bot.pipeline.checks.reachability import truth
from bot.pipeline.checks.references import Checker, check_expression, check_value, shape_of
from bot.pipeline.checks.shapes import ANYTHING, Described, Fields, Shape, named
from bot.pipeline.checks.step_data import data_of
from bot.pipeline.language.batch_steps import ManyStep
from bot.pipeline.language.flow_steps import (
    CheckpointStep,
    JumpStep,
    LoopStep,
    PipelineStep,
    SetVariableStep,
    SwitchStep,
)
from bot.pipeline.language.model_steps import PromptStep
from bot.pipeline.language.named_types import resolved_schema
from bot.pipeline.language.step_base import At, StepBase
from bot.pipeline.language.workflow import Workflow
from bot.pipeline.scope import RESERVED


def check_workflow(checker: Checker) -> Called:
    """Reports everything that cannot run; gives the pipeline as a caller sees it."""
    workflow = checker.workflow
    inputs = {name: input_shape(spec) for name, spec in (workflow.inputs or {}).items()}
    check_head(checker, Known(inputs=inputs))
    known = check_steps(checker, workflow.steps, ("steps",), opening(workflow, inputs))
    for name, source in workflow.outputs.items():
        check_expression(checker, source, ("outputs", name), known)
    check_free_names(checker)
    steps = {name: known.steps[name].data for name in visible(workflow.steps)}
    outputs = {name: shape_of(checker, text, known) for name, text in workflow.outputs.items()}
    free = tuple(name for name, required in checker.free.items() if required)
    return Called(workflow, Fields(outputs or steps), Fields({**steps, **outputs}), free)


def check_steps(checker: Checker, steps: tuple[StepBase, ...], at: At, known: Known) -> Known:
    """Checks a block of steps in order; gives what is known after it."""
    jumped = ""
    for index, step in enumerate(steps):
        here = (*at, index)
        if jumped:
            checker.warn(f"step {step.name!r} never runs: {jumped!r} jumps before it", here)
            jumped = ""
        before, known = known, _check_one(checker, step, here, known)
        if isinstance(step, JumpStep) and truth(checker, step.guard, before) is True:
            jumped = step.name
    return known


def _check_one(checker: Checker, step: StepBase, at: At, known: Known) -> Known:
    if step.name in RESERVED:
        checker.error(f"the name {step.name!r} is reserved", (*at, "name"))
    certain = check_guard(checker, step, at, known)
    otherwise = check_steps(checker, step.otherwise, (*at, "else"), known)
    _check_fields(checker, step, at, known)
    inner, ran = _check_step(checker, step, at, known)
    if step.output_schema is not None:
        ran = replace(ran, data=_schema_shape(checker, step, at))
    if step.name in checker.lost:
        ran = Ran()
    if certain is True:
        otherwise = unreached(known, otherwise)
    if certain is False:
        inner, ran = unreached(known, inner), replace(ran, never=True)
    after = joined(known, (inner,) if step.guard is None else (otherwise, inner))
    return after.plus(steps={step.name: replace(ran, maybe=certain is None)})


def _check_fields(checker: Checker, step: StepBase, at: At, known: Known) -> None:
    for name in (*step.templated, "output_to_file"):
        check_value(checker, getattr(step, name), (*at, name), known)
    for name in step.expressions:
        if isinstance(source := getattr(step, name), str) and source:
            check_expression(checker, source, (*at, name), known)


def _check_step(checker: Checker, step: StepBase, at: At, known: Known) -> tuple[Known, Ran]:
    if isinstance(step, PromptStep):
        check_model_step(checker, step, at, known)
    elif isinstance(step, ManyStep):
        check_many_step(checker, step, at, known)
    elif isinstance(step, LoopStep):
        return check_loop(checker, step, at, known, check_steps)
    elif isinstance(step, SwitchStep):
        return check_switch_step(checker, step, at, known, check_steps)
    elif isinstance(step, PipelineStep):
        return _check_pipeline(checker, step, at, known)
    elif isinstance(step, SetVariableStep):
        return _check_variables(checker, step, at, known)
    elif isinstance(step, JumpStep):
        check_jump(checker, step, at, known)
    elif isinstance(step, CheckpointStep):
        _check_checkpoint(checker, step, at, known)
        return known, Ran(Fields(named(("name", "state", "kept"))))
    return known.with_variables(step.defines()), Ran(data_of(step))


def _check_pipeline(
    checker: Checker, step: PipelineStep, at: At, known: Known
) -> tuple[Known, Ran]:
    if not step.steps:
        return known, Ran(check_call(checker, step, at, known, _check_inline))
    inner = known.plus(names=step.inputs)
    after = check_steps(checker, step.steps, (*at, "steps"), inner)
    data: Shape = Fields({name: after.steps[name].data for name in visible(step.steps)})
    data = picked(checker, step, at, data) if step.outputs else data
    # Variables set in the block outlive it; its steps and inputs do not.
    return replace(known, variables=after.variables, apart=after.apart), Ran(data)


def _check_inline(checker: Checker, workflow: Workflow, at: At) -> Called:
    inner = inline_checker(checker, workflow, at)
    require_unique_names(inner)
    return check_workflow(inner)


def _check_variables(
    checker: Checker, step: SetVariableStep, at: At, known: Known
) -> tuple[Known, Ran]:
    for name in step.variables:
        if name in RESERVED:
            checker.error(f"{name!r} is reserved", (*at, "variables", name))
    ran = Ran(Fields(named(step.variables)))
    own = [name for name in step.variables if name not in step.defines()]
    return known.plus(names=own).with_variables(step.defines()), ran


def _check_checkpoint(checker: Checker, step: CheckpointStep, at: At, known: Known) -> None:
    if len(at) > 2 or checker.base:
        checker.warn(
            f"a stopped run cannot go on from {step.name!r}: it stands in a loop or a block",
            at,
            hint="move it between the steps of the file itself",
        )


def _schema_shape(checker: Checker, step: StepBase, at: At) -> Shape:
    if not check_schema(checker, step.output_schema, (*at, "output_schema")):
        return ANYTHING
    return Described(resolved_schema(step.output_schema, checker.types) or {})
