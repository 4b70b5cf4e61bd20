"""The pipeline step: another file, or a pipeline or steps written in place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.errors import OtpError, Refused, Unusable
from bot.pipeline.budget import Limits
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.failures import StepFailed, spent_within
from bot.pipeline.language.flow_steps import PipelineStep
from bot.pipeline.language.workflow import Workflow
from bot.pipeline.prompts.part_texts import extract
from bot.pipeline.results import RunResult


def run_pipeline(step: PipelineStep, context: StepContext) -> Outcome:
    """Data: the picked `outputs`, else the pipeline's own, else its steps' data by name."""
    inputs = context.resolve(step.inputs)
    called = None if step.steps else _called(step, context)
    inner = context.within(_limits(step, called))
    try:
        data = (
            _inline(step, inputs, inner) if called is None else _call(step, called, inputs, inner)
        )
    except OtpError as error:
        if not spent_within(error, inner.run.budget):
            raise
        raise Refused(f"step {step.name!r}: {error.message}", hint=error.hint) from error
    return Outcome(data=data, text=json.dumps(data, ensure_ascii=False, indent=2, default=str))


def _inline(step: PipelineStep, inputs: dict[str, Any], context: StepContext) -> dict[str, Any]:
    inner = context.scope.child(inputs=inputs)
    context.engine.run_steps(step.steps, replace(context, scope=inner))
    data = {name: result.data for name, result in inner.own_steps().items()}
    return _picked(step, {}, data) if step.outputs else data


def _call(
    step: PipelineStep, called: Workflow, inputs: dict[str, Any], context: StepContext
) -> dict[str, Any]:
    if step.config.inherit_functions and context.workflow.gemini_functions:
        functions = {**context.workflow.gemini_functions, **called.gemini_functions}
        called = called.model_copy(update={"gemini_functions": functions})
    result = context.engine.run_workflow(
        called,
        {**_inherited(step, called, context), **inputs},
        replace(context.run, depth_limit=_depth_limit(step, context)),
        path=context.path,
        depth=context.depth + 1,
    )
    if result.error is not None:
        raise StepFailed(result.failed_step, result.error)
    return _given(step, result)


def _given(step: PipelineStep, result: RunResult) -> dict[str, Any]:
    steps = {name: ended.data for name, ended in result.steps.items()}
    if step.outputs:
        texts = {n: r.text if r.data is None else r.data for n, r in result.steps.items()}
        return _picked(step, dict(result.outputs), texts)
    return dict(result.outputs) or steps


def _picked(step: PipelineStep, outputs: dict[str, Any], steps: dict[str, Any]) -> dict[str, Any]:
    """The chosen values; a pipeline's outputs hide steps of the same name."""
    everything = {**steps, **outputs}
    return {
        pick if isinstance(pick, str) else pick.alias: extract(
            everything, pick if isinstance(pick, str) else pick.path, step=step.name
        )
        for pick in step.outputs
    }


def _called(step: PipelineStep, context: StepContext) -> Workflow:
    if step.pipeline is not None:
        return step.pipeline
    if step.pipeline_ref == context.workflow.name:
        return context.workflow
    name = step.pipeline_file or f"{step.pipeline_ref}.yaml"
    if context.run.library is None:
        raise Unusable(f"step {step.name!r} calls {name!r}, but no pipelines are at hand")
    return context.run.library.load(name).workflow


def _inherited(step: PipelineStep, called: Workflow, context: StepContext) -> dict[str, Any]:
    if not step.config.inherit_context:
        return {}
    around = {**context.scope.inputs, **context.scope.variables}
    wanted = around if called.inputs is None else called.inputs
    return {name: value for name, value in around.items() if name in wanted}


def _limits(step: PipelineStep, called: Workflow | None) -> Limits:
    """The stricter of what the step grants and what the pipeline itself says."""
    own = called.resource_limits if called is not None else None
    seconds = (step.timeout_seconds, step.config.timeout_seconds, own and own.max_execution_time_s)
    steps = (step.config.max_total_steps, own and own.max_total_steps)
    return Limits(
        steps=min((n for n in steps if n), default=None),
        seconds=min((s for s in seconds if s), default=None),
    )


def _depth_limit(step: PipelineStep, context: StepContext) -> int:
    """A limit set further out holds on; one set here counts from here."""
    wanted = context.resolve(step.config.max_depth)
    if wanted is None:
        return context.run.depth_limit
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        raise ExpressionError(f"step {step.name!r}: max_depth must be a whole number")
    return min(context.run.depth_limit, context.depth + wanted)
