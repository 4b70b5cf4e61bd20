"""The pieces a prompt is made of, as written in YAML."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bot.core.model import Record


class PartBase(Record):
    """What every part may say."""

    when: Any = None
    """A condition; the part is left out when it does not hold."""


class StaticPart(PartBase):
    """Text with templates in it."""

    type: Literal["static"]
    content: str
    """The text; `{{ expressions }}` are filled in."""


class FilePart(PartBase):
    """The content of a file, as data; with `variables`, a prompt template beside the pipelines."""

    type: Literal["file"]
    path: str
    """In the work tree (a template), or in the pipelines directory when `variables` is given."""
    variables: dict[str, Any] | None = None
    """Makes the file a template that sees exactly these names."""


class PreviousResponsePart(PartBase):
    """What an earlier step answered."""

    type: Literal["previous_response"]
    step: str = ""
    """Name of the step."""
    name: str = ""
    """The same as `step`."""
    extract: str = ""
    """Only this part of its data: `findings[0].path`."""
    max_length: int | None = Field(default=None, ge=1)
    """Characters to keep from the start; what is cut is said in the text."""

    @model_validator(mode="after")
    def _one_name(self) -> PreviousResponsePart:
        if bool(self.step) == bool(self.name):
            raise ValueError("previous_response takes exactly one of 'step' and 'name'")
        return self

    @property
    def source(self) -> str:
        """The step referred to, under either spelling."""
        return self.step or self.name


Part = Annotated[StaticPart | FilePart | PreviousResponsePart, Field(discriminator="type")]

PART_TYPES: dict[str, type[PartBase]] = {
    "static": StaticPart,
    "file": FilePart,
    "previous_response": PreviousResponsePart,
}
