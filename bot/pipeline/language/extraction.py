"""What a `claude_extract` step asks for, as the JSON Schema its answer must satisfy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from bot.core.model import Record
from bot.pipeline.language.step_base import Name

Extract = Literal[
    "extract_code_blocks",
    "extract_recommendations",
    "extract_key_points",
    "extract_links",
    "extract_entities",
    "extract_errors",
    "extract_metrics",
    "extract_dependencies",
    "generate_summary",
]

_ELSEWHERE: Mapping[str, str] = {
    "format_markdown": "use 'format: markdown'",
    "trim": "answers carry nothing around them",
    "validate": "every answer is validated",
}


class Section(Record):
    """One named section of a structured extract."""

    name: Name
    max_length: int | None = Field(default=None, ge=1)
    """Characters of its text."""
    item_limit: int | None = Field(default=None, ge=1)
    """Makes it a list of at most so many entries."""
    priority_only: bool = False
    """Only what matters most."""


class CodeBlocks(Record):
    """What to say of each block of code."""

    refused: ClassVar[Mapping[str, str]] = {
        "syntax_highlight": "data has no colours; the block's language is in it",
    }

    identify_language: bool = True
    extract_imports: bool = False


class Recommendations(Record):
    """What to say of each recommendation."""

    include_priority: bool = False
    include_effort: bool = False
    group_by_category: bool = False
    """Gives each one a category."""


class ExtractionConfig(Record):
    """The form of an extract. Every part of it is a field of the step's data."""

    refused: ClassVar[Mapping[str, str]] = {"output_format": "write 'format'"}

    use_content_extractor: bool = True
    format: Literal["text", "json", "structured", "summary", "markdown"] = "text"
    """`text` and `markdown` give `content`, `json` a `content` of any form, `structured` the
    `sections`, `summary` the `summary`."""
    post_processing: tuple[Extract, ...] = ()
    """What else to take out: `code_blocks`, `recommendations`, `key_points`, `links`, ..."""
    max_summary_length: int | None = Field(default=None, ge=1)
    """Characters; asks for a `summary` whatever the format."""
    include_metadata: bool = False
    """Adds `metadata`: model, format, what was taken out, size."""
    sections: tuple[Section, ...] = ()
    """For `structured`: exactly these; the model chooses them otherwise."""
    summary_style: Literal["bullet_points", "paragraph"] = "paragraph"
    max_points: int | None = Field(default=None, ge=1, le=1000)
    """Of bullet points."""
    include_key_metrics: bool = False
    """The same as `extract_metrics`."""
    heading_level: int = Field(default=1, ge=1, le=6)
    include_toc: bool = False
    code_fence_style: Literal["```", "~~~"] = "```"
    code_block_processing: CodeBlocks = Field(default_factory=CodeBlocks)
    recommendation_format: Recommendations = Field(default_factory=Recommendations)

    @field_validator("use_content_extractor")
    @classmethod
    def _extracts(cls, value: bool) -> bool:
        if not value:
            raise ValueError("a claude_extract step extracts; for the plain answer use claude")
        return value

    @field_validator("post_processing", mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        for name in value if isinstance(value, list | tuple) else ():
            if isinstance(name, str) and name in _ELSEWHERE:
                raise ValueError(f"{name!r} is no extraction: {_ELSEWHERE[name]}")
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> ExtractionConfig:
        if self.sections and self.format != "structured":
            raise ValueError("'sections' belong to 'format: structured'")
        if self.max_points is not None and self.summary_style != "bullet_points":
            raise ValueError("'max_points' belongs to 'summary_style: bullet_points'")
        return self

    @property
    def free(self) -> bool:
        """Whether part of the answer has a form of the model's choosing."""
        return self.format == "json"

    def answer_schema(self) -> dict[str, Any]:
        """The JSON Schema of the answer; metadata are ours to add."""
        fields = dict(_CONTENTS[self.format](self))
        wanted = [*self.post_processing, *(["extract_metrics"] if self.include_key_metrics else [])]
        if self.max_summary_length is not None:
            wanted.append("generate_summary")
        for name in wanted:
            key = name.removeprefix("extract_").removeprefix("generate_")
            fields.setdefault(key, _EXTRACTS[name](self))
        return _object(fields)

    def text(self, data: Mapping[str, Any]) -> str:
        """The extract as a text, for prompts that quote it."""
        only = {"text": "content", "markdown": "content", "summary": "summary"}.get(self.format)
        if only is not None and data.keys() - {"metadata"} == {only}:
            return str(data[only])
        return json.dumps(data, ensure_ascii=False, indent=2)

    def metadata(self, data: Mapping[str, Any], *, model: str) -> dict[str, Any]:
        """Facts about an extract, none of them the model's."""
        return {
            "model": model,
            "format": self.format,
            "extracted": sorted(data),
            "characters": len(json.dumps(data, ensure_ascii=False)),
        }


def _object(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def _text(description: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "string", **({"description": description} if description else {}), **more}


def _list(items: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "items": items, "description": description}


def _markdown(config: ExtractionConfig) -> dict[str, Any]:
    asked = [f"Markdown whose highest heading has level {config.heading_level}"]
    if config.include_toc:
        asked.append("with a table of contents first")
    if config.code_fence_style != "```":
        asked.append("with code between ~~~ lines")
    return {"content": _text(", ".join(asked) + ".")}


def _sections(config: ExtractionConfig) -> dict[str, Any]:
    if not config.sections:
        each = _object({"title": _text(), "content": _text()})
        return {"sections": _list(each, "The content by topic.")}
    return {"sections": _object({section.name: _section(section) for section in config.sections})}


def _section(section: Section) -> dict[str, Any]:
    what = "Only what matters most." if section.priority_only else ""
    limit: dict[str, Any] = {}
    if section.max_length is not None:
        limit = {"maxLength": section.max_length}
    if section.item_limit is None:
        return _text(what, **limit)
    return {**_list(_text(**limit), what), "maxItems": section.item_limit}


def _summary(config: ExtractionConfig) -> dict[str, Any]:
    limit: dict[str, Any] = {}
    if config.max_summary_length is not None:
        limit = {"maxLength": config.max_summary_length}
    if config.summary_style == "paragraph":
        return _text("The most important, in one paragraph.", minLength=1, **limit)
    more = "" if config.max_points is None else config.max_points - 1
    points = rf"^- [^\n]+(?:\n- [^\n]+){{0,{more}}}$"
    return _text("The most important, one line for each point: '- point'.", pattern=points, **limit)


def _code_blocks(config: ExtractionConfig) -> dict[str, Any]:
    wanted = config.code_block_processing
    fields: dict[str, Any] = {"code": _text("Character for character.")}
    if wanted.identify_language:
        fields["language"] = _text("In lower case; empty when it cannot be told.")
    if wanted.extract_imports:
        fields["imports"] = _list(_text(), "Modules it imports, uses, requires or aliases.")
    return _list(_object(fields), "Every block of code.")


def _recommendations(config: ExtractionConfig) -> dict[str, Any]:
    wanted = config.recommendation_format
    fields: dict[str, Any] = {"text": _text()}
    if wanted.include_priority:
        fields["priority"] = {"enum": ["low", "medium", "high", "critical"]}
    if wanted.include_effort:
        fields["effort"] = {"enum": ["trivial", "small", "medium", "large"]}
    if wanted.group_by_category:
        fields["category"] = _text()
    return _list(_object(fields), "What is recommended to do.")


_CONTENTS = {
    "text": lambda config: {"content": _text("The content as plain text.")},
    "json": lambda config: {"content": {"description": "The content, in the form that fits it."}},
    "structured": _sections,
    "summary": lambda config: {"summary": _summary(config)},
    "markdown": _markdown,
}
_EXTRACTS = {
    "extract_code_blocks": _code_blocks,
    "extract_recommendations": _recommendations,
    "extract_key_points": lambda config: _list(_text(), "The main points."),
    "extract_links": lambda config: _list(
        _object({"url": _text(), "text": _text()}), "Every address with the words it stands behind."
    ),
    "extract_entities": lambda config: _list(
        _object({"name": _text(), "kind": _text()}), "Everything that has a name."
    ),
    "extract_errors": lambda config: _list(_text(), "Every error message."),
    "extract_metrics": lambda config: _list(
        _object({"name": _text(), "value": _text(), "unit": _text()}), "Every measured figure."
    ),
    "extract_dependencies": lambda config: _list(_text(), "Everything the content depends on."),
    "generate_summary": _summary,
}
