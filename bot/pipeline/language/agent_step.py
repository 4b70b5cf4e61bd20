"""The agent step: a model that works in the code base with tools until its task is done."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from bot.core.model import Record
from bot.llm.presets import CHANGING, PRESETS, READING
from bot.pipeline.language.model_steps import PromptStep

AgentTool = Literal[
    "read", "list", "search", "outline", "findings", "edit", "write", "remove", "diff", "run"
]


class AgentBounds(Record):
    """How far an agent may go; the limits of the run and of the block it is in hold as well."""

    steps: int = Field(default=40, ge=1, le=500)
    """Replies of the model."""
    tokens: int | None = Field(default=None, ge=1)
    """Read and written, over all replies."""
    usd: float | None = Field(default=None, gt=0)
    """US dollars; a model without a known price is stopped."""
    seconds: float | None = Field(default=None, gt=0, le=86_400)
    failures: int = Field(default=5, ge=1, le=50)
    """Replies in a row that hold nothing but failed calls."""


class AgentStep(PromptStep):
    """Let a model work in the code base with tools. Data: `status`, `summary`, `reason`, `data`,
    `diff`, `files` and `steps`; `data` is what `output_schema` asks for.
    """

    templated: ClassVar[tuple[str, ...]] = ("arguments", "system")

    type: Literal["agent"]
    provider: Literal["", "anthropic", "gemini"] = ""
    """Whom to ask; empty: the configuration's choice."""
    system: str = ""
    """Standing instructions, after the preset's (a template)."""
    tools: tuple[AgentTool, ...] | None = None
    """What it may use. Without this key what the step's own preset offers, else everything."""
    limits: AgentBounds = Field(default_factory=AgentBounds)
    allow_stop: bool = False
    """Stopping before the task is done is a result, not a failure; `status` is `stopped` then."""

    @property
    def offered(self) -> tuple[str, ...]:
        """The names of its tools."""
        if self.tools is not None:
            return self.tools
        return (*READING, *CHANGING) if self.preset is None else PRESETS[self.preset].tools

    @model_validator(mode="after")
    def _has_tools(self) -> AgentStep:
        if not self.offered:
            raise ValueError("an agent without tools is an 'llm' step; name some 'tools'")
        return self
