"""Kinds of text that fields of steps hold, each checked when the pipeline is read."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.pipeline.expressions.datapath import dotted
from bot.pipeline.expressions.expr import ExpressionError, item_expression

_RESPONSE = re.compile(r"previous_response:(\w+)(?:[:.](.+))?\Z")


def source_expression(source: str) -> str:
    """An expression as it is; `previous_response:step.field` as `steps.step.field`."""
    found = _RESPONSE.match(source.strip())
    if found is not None:
        return f"steps.{found[1]}" + (f".{found[2].replace(':', '.')}" if found[2] else "")
    if source.strip().startswith("context:"):
        raise ValueError(f"{source!r}: write the name itself, as in 'vars.items'")
    return source


def check_items(source: str) -> str:
    """An expression about items that parses; raises `ValueError`."""
    try:
        item_expression(source)
    except ExpressionError as error:
        raise ValueError(str(error)) from error
    return source


Source = Annotated[str, Field(min_length=1), AfterValidator(source_expression)]
Path = Annotated[str, AfterValidator(dotted)]
Expression = Annotated[str, AfterValidator(check_items)]
"""About one item: its fields by name, `item` for itself."""
