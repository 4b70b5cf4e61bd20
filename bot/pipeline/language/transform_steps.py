"""The data_transform step, as written in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from bot.pipeline.language.field_types import Source
from bot.pipeline.language.output_field import NamedResultStep
from bot.pipeline.language.step_base import StepBase
from bot.pipeline.language.transform_operations import Operation


class TransformStep(NamedResultStep):
    """Compute on data: operations one after the other, each on what the one before made.

    `output_field` also names the result in the step's data.
    """

    expressions: ClassVar[tuple[str, ...]] = ("input_source", "everything_named")
    refused: ClassVar[Mapping[str, str]] = {
        **StepBase.refused,
        "lazy": "data is never worked on in pieces",
        "stream_mode": "data is never worked on in pieces",
        "chunk_size": "data is never worked on in pieces",
        "output_file": "write output_to_file",
    }

    type: Literal["data_transform"]
    input_source: Source
    """An expression that gives the data, such as `steps.scan.issues`."""
    operations: tuple[Operation, ...] = Field(min_length=1)
    output_format: Literal["json", "jsonl", "string", "count"] | None = None
    """Give the result as text, or as the number of its items."""

    @property
    def everything_named(self) -> str:
        """One expression with every name the operations take from around, for the checker."""
        items = [text for o in self.operations for text in o.about_items()]
        around = [text for o in self.operations for text in o.about_data()]
        return f"[{', '.join([*(f'map([], {_quoted(text)})' for text in items), *around])}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
