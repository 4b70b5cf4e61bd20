"""The pieces a prompt is made of, as written in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, field_validator, model_validator

from bot.pipeline.language.guarded import Guarded
from bot.pipeline.language.step_base import Name

_EXTRACT = "let a claude_extract step make what is wanted of it, and quote that step"


class PartBase(Guarded):
    """What every part may say."""


class QuotedPart(PartBase):
    """What parts share that quote something."""

    max_length: int | None = Field(default=None, ge=1)
    """Characters to keep from the start; what is cut is said in the text."""
    inject_as: Name | None = None
    """Put it where the prompt's other parts say `{{ NAME }}`, delimited, instead of here."""


class StaticPart(PartBase):
    """Text with templates in it."""

    type: Literal["static"]
    content: str
    """The text; `{{ expressions }}` are filled in."""


class FilePart(QuotedPart):
    """The content of a file, as data; with `variables`, a prompt template beside the pipelines."""

    refused: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("summary", "max_summary_length", "summary_focus"), _EXTRACT),
        "transform": "quote the file as it is, or convert it with file_ops before",
        "component": "keep each component in a file of its own, and give it 'variables'",
    }

    type: Literal["file"]
    path: str = Field(min_length=1)
    """In the work tree (a template): a file, a directory, or a glob such as `lib/**/*.ex`. In the
    pipelines directory when `variables` is given."""
    variables: dict[str, Any] | None = None
    """Makes the file a template that sees exactly these names."""
    encoding: Literal["utf-8"] = "utf-8"
    """Accepted: the files of a code base are UTF-8."""

    @field_validator("encoding", mode="before")
    @classmethod
    def _only_utf_8(cls, value: Any) -> Any:
        if not isinstance(value, str) or value.lower() not in ("utf-8", "utf8", "ascii"):
            raise ValueError("only UTF-8 files are quoted; convert the file before")
        return "utf-8"


class PreviousResponsePart(QuotedPart):
    """What an earlier step answered."""

    refused: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("summary", "summary_style", "extract_with", "format", "post_processing"), _EXTRACT
        ),
        "include_metadata": _EXTRACT,
        "transform": "quote the response as it is, or change it with data_transform before",
        "strict": "what is not there is always an error; guard the part with 'when'",
    }

    type: Literal["previous_response"]
    step: str = ""
    """Name of the step."""
    name: str = ""
    """The same as `step`."""
    extract: str = ""
    """Only this part of its data: `findings[0].path`, `items[*].name`."""

    @model_validator(mode="after")
    def _one_name(self) -> PreviousResponsePart:
        if bool(self.step) == bool(self.name):
            raise ValueError("previous_response takes exactly one of 'step' and 'name'")
        return self

    @property
    def source(self) -> str:
        """The step referred to, under either spelling."""
        return self.step or self.name


class SessionContextPart(PartBase):
    """What was said in a conversation, as data."""

    refused: ClassVar[Mapping[str, str]] = {
        "filter": "write include_last_n; every turn is marked with who said it",
    }

    type: Literal["session_context"]
    session_id: str = Field(min_length=1)
    """Name of the session (a template)."""
    include_last_n: int | None = Field(default=None, ge=1)
    """Only the last so many messages; questions and answers count singly."""


class ClaudeContinuePart(PartBase):
    """The next thing to say in the conversation of a claude_session step."""

    type: Literal["claude_continue"]
    new_prompt: str = Field(min_length=1)
    """The text; `{{ expressions }}` are filled in."""
    session_id: str = ""
    """The step's own session, for readers."""


class FindingsPart(PartBase):
    """What the analyser finds in the code base now, one JSON object a line."""

    type: Literal["findings"]
    rules: str | tuple[str, ...] = ()
    """Only these rules; all when empty."""
    paths: str | tuple[str, ...] = ()
    """Only below these paths; everything when empty."""
    max_findings: int | None = Field(default=None, ge=1)
    """The most severe so many; how many are left out is said."""


class CodebasePart(PartBase):
    """The code base in little: signatures, behaviours and supervision, without bodies."""

    type: Literal["codebase"]
    max_tokens: int | None = Field(default=None, ge=100)
    """Of the outline; less important modules are left out first."""
    paths: str | tuple[str, ...] = ()
    """Files to quote in full beside it: paths or globs."""


Part = Annotated[
    StaticPart
    | FilePart
    | PreviousResponsePart
    | SessionContextPart
    | ClaudeContinuePart
    | FindingsPart
    | CodebasePart,
    Field(discriminator="type"),
]

PART_TYPES: dict[str, type[PartBase]] = {
    get_args(part.model_fields["type"].annotation)[0]: part for part in get_args(get_args(Part)[0])
}
"""Every part by the value of its `type`."""
