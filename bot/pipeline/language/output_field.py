"""What steps that can name their result have in common."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from bot.pipeline.language.step_base import Name, StepBase
from bot.pipeline.scope import RESERVED


class NamedResultStep(StepBase):
    """A step whose result can also become a variable."""

    output_field: Name | Literal[""] = ""
    """Also set a variable of this name to the result."""

    @field_validator("output_field")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in RESERVED:
            raise ValueError(f"{name!r} is reserved")
        return name

    def defines(self) -> tuple[str, ...]:
        """The variable it sets."""
        return (self.output_field,) if self.output_field else ()
