"""What a workflow's first step finds: inputs, variables, and the names that are always there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.pipeline.context import RunState
from bot.pipeline.expressions.expr import resolve
from bot.pipeline.language.inputs import bound_inputs
from bot.pipeline.language.workflow import Workflow
from bot.pipeline.scope import Scope


def opening_scope(workflow: Workflow, inputs: Mapping[str, Any], state: RunState) -> Scope:
    """Raises `Unusable` for a missing or wrong input, `ExpressionError` for a wrong variable."""
    bound = bound_inputs(workflow, inputs)
    execution = {
        **state.keeping.execution(),
        "environment": workflow.environment.model_dump(include={"mode", "debug_level"}),
    }
    variables = resolve(workflow.variables, Scope(bound, execution=execution).flat())
    scope = Scope(
        bound,
        workflow=head_names(workflow, variables),
        execution=execution,
        models=tuple(name for name in state.models if name != "offline"),
    )
    scope.set_variables(variables)
    return scope


def head_names(workflow: Workflow, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What `workflow.<name>` means: the head's own texts, then the variables it sets."""
    return {
        **variables,
        "name": workflow.name,
        "version": str(workflow.version),
        "description": workflow.description,
        "variables": dict(variables),
    }
