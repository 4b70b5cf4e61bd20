"""The switch step: the value of an expression chooses which steps run."""

from __future__ import annotations

import json
from typing import Any

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.expressions.values import kind_of
from bot.pipeline.language.flow_steps import SwitchStep


def run_switch(step: SwitchStep, context: StepContext) -> Outcome:
    """Data: `{value, case, matched, last}`; `last` is the data of the case's last step."""
    value = context.evaluate(step.expression)
    if not isinstance(value, str | int | float | None):
        raise ExpressionError(
            f"step {step.name!r}: a switch chooses by text, number, boolean or null; "
            f"its expression gave {kind_of(value)}"
        )
    key = next((key for key in step.cases if is_case(value, key)), None)
    chosen = step.default if key is None else step.cases[key]
    for _, block in step.branches():
        if block is not chosen:
            context.engine.skip(block, context)
    context.engine.run_steps(chosen, context)
    ended = context.scope.step(chosen[-1].name) if chosen else None
    data = {
        "value": value,
        "case": "default" if key is None and chosen else key or "",
        "matched": key is not None,
        "last": ended.data if ended else None,
    }
    return Outcome(
        data=data,
        text=ended.text if ended else json.dumps(data, ensure_ascii=False),
        notice="" if key is not None or chosen else f"step {step.name!r}: no case for {value!r}",
    )


def is_case(value: Any, key: str) -> bool:
    """Whether a case's key, which YAML gives as text, stands for this value."""
    if isinstance(value, str):
        return value == key
    if isinstance(value, bool) or value is None:
        return key == json.dumps(value)
    try:
        return bool(float(key) == value)
    except ValueError:
        return False
