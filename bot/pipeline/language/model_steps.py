"""Steps that ask a model one question, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from bot.core.model import Record
from bot.pipeline.language.parts import Part
from bot.pipeline.language.step_base import Name, StepBase

Preset = Literal["development", "production", "analysis", "chat", "test"]


def _one_static(value: Any) -> Any:
    return [{"type": "static", "content": value}] if isinstance(value, str) else value


Prompt = Annotated[
    tuple[Part, ...],
    BeforeValidator(_one_static, json_schema_input_type=str | tuple[Part, ...]),
    Field(min_length=1),
]
"""Parts in the order in which the model reads them; a text alone is one static part."""


class PromptStep(StepBase):
    """What every step with one prompt and one answer says."""

    templated: ClassVar[tuple[str, ...]] = ("arguments",)
    answers_schema: ClassVar[bool] = True

    prompt: Prompt
    role: Literal["brain", "muscle"] | None = None
    """A label for readers."""
    preset: Preset | None = None
    model: str = ""
    """Model name; empty for the configured one."""
    max_tokens: int | None = Field(default=None, ge=1)
    effort: Literal["", "low", "medium", "high", "xhigh", "max"] = ""
    """How long the model may think, in the vendor's own measure; empty: its default."""
    offline: str = ""
    """The offline skill that serves this step when no key is set."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """Structured input of the offline skill."""
    max_repairs: int = Field(default=2, ge=0, le=5)
    """How often a malformed answer is sent back with what is wrong."""

    @property
    def wanted_schema(self) -> dict[str, Any] | str | None:
        """What the answer must satisfy, under whatever key it is written."""
        return self.output_schema


class TokenBudget(Record):
    """How much Gemini may write, and how freely."""

    max_input_tokens: int | None = Field(default=None, ge=1)
    """A longer prompt, by our estimate, is refused instead of sent."""
    max_output_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=1)


class LlmStep(PromptStep):
    """Ask whichever model the configuration names."""

    type: Literal["llm"]
    provider: Literal["", "anthropic", "gemini", "offline"] = ""
    """Empty: the configuration's choice."""


class GeminiStep(PromptStep):
    """Ask Gemini, or what serves in its place; with `functions`, let it choose what to call."""

    type: Literal["gemini"]
    token_budget: TokenBudget = Field(default_factory=TokenBudget)
    functions: tuple[Name, ...] = ()
    """Functions of the workflow's `gemini_functions`. The calls the model asks for are the step's
    data; nothing is carried out."""

    @model_validator(mode="after")
    def _one_form(self) -> GeminiStep:
        if self.functions and self.output_schema is not None:
            raise ValueError(
                "'functions' and 'output_schema' both say what the answer is; ask for the calls "
                "in one step and for the answer in the next, which quotes it"
            )
        return self


class GeminiInstructorStep(PromptStep):
    """Ask Gemini for data that satisfies a schema."""

    refused: ClassVar[Mapping[str, str]] = {
        **StepBase.refused,
        "functions": "a gemini step chooses functions; this one answers in the form of its schema",
    }

    type: Literal["gemini_instructor"]
    token_budget: TokenBudget = Field(default_factory=TokenBudget)
    answer: dict[str, Any] | str | None = Field(default=None, alias="schema")
    """The same as `output_schema`."""
    validation_mode: Literal["strict", "loose"] = "strict"
    """`strict`: a wrong answer is sent back, then fails. `loose`: JSON that breaks the schema is
    taken as it is, at once, with a notice that says what is wrong."""

    @model_validator(mode="after")
    def _one_schema(self) -> GeminiInstructorStep:
        if (self.answer is None) == (self.output_schema is None):
            raise ValueError("gemini_instructor takes exactly one of 'schema' and 'output_schema'")
        return self

    @property
    def wanted_schema(self) -> dict[str, Any] | str | None:
        return self.output_schema if self.answer is None else self.answer


AnyModelStep = LlmStep | GeminiStep | GeminiInstructorStep
"""Every step that asks one question, Claude's and the agent's aside."""
