"""Inputs of a workflow: declared ones are typed and have defaults."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from bot.errors import Unusable
from bot.pipeline.language.spec import Input, Workflow

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list, tuple),
    "array": (list, tuple),
    "object": (dict,),
    "any": (object,),
}


def bound_inputs(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """Given values checked, defaults filled in; raises `Unusable` naming the input."""
    if workflow.inputs is None:
        return dict(given)
    for name in given:
        if name not in workflow.inputs:
            near = get_close_matches(name, workflow.inputs, 1)
            hint = (
                f"did you mean {near[0]!r}?"
                if near
                else f"inputs: {', '.join(workflow.inputs) or 'none'}"
            )
            raise Unusable(f"pipeline {workflow.name!r} has no input {name!r}", hint=hint)
    return {name: _value(workflow, name, spec, given) for name, spec in workflow.inputs.items()}


def fits(value: Any, spec: Input) -> bool:
    """Whether a value is of the declared type; null fits an input that is not required."""
    if value is None:
        return not spec.required
    if spec.enum and value not in spec.enum:
        return False
    if isinstance(value, bool) and spec.type in ("integer", "number"):
        return False
    return isinstance(value, _TYPES[spec.type])


def wanted(spec: Input) -> str:
    """What the input may be, for messages."""
    return f"one of {', '.join(map(repr, spec.enum))}" if spec.enum else spec.type


def _value(workflow: Workflow, name: str, spec: Input, given: Mapping[str, Any]) -> Any:
    if name not in given:
        if spec.required:
            raise Unusable(
                f"pipeline {workflow.name!r} needs the input {name!r}", hint=spec.description
            )
        return spec.default
    if not fits(given[name], spec):
        raise Unusable(
            f"input {name!r} of pipeline {workflow.name!r} must be {wanted(spec)}, "
            f"got {given[name]!r}"
        )
    return given[name]
