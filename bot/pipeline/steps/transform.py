"""The data_transform step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.errors import Unusable
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.data.transforms import transformed
from bot.pipeline.expressions.expr import ExpressionError, evaluate
from bot.pipeline.expressions.values import as_text, to_json
from bot.pipeline.language.transform_steps import TransformStep
from bot.pipeline.results import StepView


def run_data_transform(step: TransformStep, context: StepContext) -> Outcome:
    """Data: the result under `output_field` (or `result`), and its `count`.

    Data an operation cannot work on fails the step; it is no mistake in the file.
    """
    names = context.scope.flat()
    data = evaluate(step.input_source, names)
    if isinstance(data, StepView):
        data = data["result"]
    try:
        result = transformed(data, step.operations, names)
    except ExpressionError as error:
        raise Unusable(f"step {step.name!r}: {error.message}", hint=error.hint) from error
    value = _formatted(result, step.output_format)
    if step.output_field:
        context.scope.set_variables({step.output_field: value})
    return Outcome(
        data={step.output_field or "result": value, "count": _size(result)},
        text=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2),
    )


def _size(result: Any) -> int:
    return len(result) if isinstance(result, list | tuple | Mapping) else 1


def _formatted(result: Any, form: str | None) -> Any:
    if form == "json":
        return to_json(result, 2)
    if form == "jsonl":
        items = result if isinstance(result, list | tuple) else [result]
        return "".join(f"{to_json(item)}\n" for item in items)
    if form == "string":
        return as_text(result)
    return _size(result) if form == "count" else result
