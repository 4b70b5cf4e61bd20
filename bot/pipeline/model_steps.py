"""Steps that ask a model."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from bot.pipeline.parts import Part
from bot.pipeline.step_base import StepBase

Preset = Literal["development", "production", "analysis", "chat", "test"]


class PromptStep(StepBase):
    """What every step with one prompt and one answer says."""

    templated: ClassVar[tuple[str, ...]] = ("arguments",)

    prompt: tuple[Part, ...] = Field(min_length=1)
    preset: Preset | None = None
    model: str = ""
    """Model name; empty for the configured one."""
    max_tokens: int | None = Field(default=None, ge=1)
    offline: str = ""
    """The offline skill that serves this step when no key is set."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """Structured input of the offline skill."""
    output_schema: dict[str, Any] | str | None = None
    """JSON Schema of the answer, or the name of a type."""
    max_repairs: int = Field(default=2, ge=0, le=5)
    """How often a malformed answer is sent back with what is wrong."""


class ModelStep(PromptStep):
    """Ask a model. Without a key the offline model serves it where it can."""

    type: Literal["claude", "claude_smart", "gemini", "llm"]


AnyModelStep = ModelStep
"""Every step that asks a model."""
