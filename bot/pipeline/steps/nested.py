"""The pipeline step: another file, or steps written in place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.errors import Unusable
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.failures import StepFailed
from bot.pipeline.spec import PipelineStep


def run_pipeline(step: PipelineStep, context: StepContext) -> Outcome:
    """Data: the pipeline's outputs, or its steps' data by name when it declares none."""
    inputs = context.resolve(step.inputs)
    data = _inline(step, inputs, context) if step.steps else _file(step, inputs, context)
    return Outcome(data=data, text=json.dumps(data, ensure_ascii=False, indent=2, default=str))


def _inline(step: PipelineStep, inputs: dict[str, Any], context: StepContext) -> dict[str, Any]:
    inner = context.scope.child(inputs=inputs)
    context.engine.run_steps(step.steps, replace(context, scope=inner, depth=context.depth + 1))
    return {name: result.data for name, result in inner.own_steps().items()}


def _file(step: PipelineStep, inputs: dict[str, Any], context: StepContext) -> dict[str, Any]:
    if context.run.library is None:
        raise Unusable(
            f"step {step.name!r} calls {step.pipeline_file!r}, but no pipelines are at hand"
        )
    called = context.run.library.load(step.pipeline_file).workflow
    result = context.engine.run_workflow(
        called, inputs, context.run, path=context.path, depth=context.depth + 1
    )
    if result.error is not None:
        raise StepFailed(result.failed_step, result.error)
    if called.outputs:
        return dict(result.outputs)
    return {name: ended.data for name, ended in result.steps.items()}
