"""Lists of texts that a pipeline may also give as one expression."""

from __future__ import annotations

from typing import Any

from bot.pipeline.context import StepContext
from bot.pipeline.expressions.expr import ExpressionError


def texts(value: str | tuple[str, ...], context: StepContext, *, field: str) -> tuple[str, ...]:
    """The list, rendered, without empty items; raises `ExpressionError` for anything else."""
    rendered: Any = context.resolve(value)
    if isinstance(rendered, str):
        rendered = [rendered]
    if rendered is None:
        return ()
    if not isinstance(rendered, list | tuple) or not all(
        isinstance(item, str) for item in rendered
    ):
        raise ExpressionError(f"{field!r} must be a list of texts, got {rendered!r}")
    return tuple(item for item in rendered if item)
