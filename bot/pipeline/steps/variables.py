"""The set_variable step."""

from __future__ import annotations

import json

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.flow_steps import SetVariableStep


def run_set_variable(step: SetVariableStep, context: StepContext) -> Outcome:
    """Data: the variables with their values; all are computed before any is set."""
    values = context.resolve(step.variables)
    if step.scope in ("loop", "local"):
        context.scope.set_local(values)
    else:
        context.scope.set_variables(values)
    return Outcome(data=values, text=json.dumps(values, ensure_ascii=False, default=str))
