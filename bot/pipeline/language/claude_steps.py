"""Steps that ask Claude one question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from bot.core.model import Record
from bot.pipeline.language.claude_options import ClaudeOptions, RetryConfig
from bot.pipeline.language.extraction import ExtractionConfig
from bot.pipeline.language.model_steps import Prompt, PromptStep
from bot.pipeline.language.step_base import StepBase


class ClaudeBase(PromptStep):
    """What every question to Claude may say."""

    claude_options: ClaudeOptions = Field(default_factory=ClaudeOptions)

    @model_validator(mode="after")
    def _one_form_and_model(self) -> ClaudeBase:
        options = self.claude_options
        if self.model and options.model and self.model != options.model:
            raise ValueError("'model' and 'claude_options.model' differ; give one of them")
        if options.output_format == "text" and self.output_schema is not None:
            raise ValueError("output_format 'text' and an 'output_schema' exclude each other")
        return self


class ClaudeStep(ClaudeBase):
    """Ask Claude, or what serves in its place."""

    type: Literal["claude"]


class ClaudeSmartStep(ClaudeBase):
    """Ask Claude in one of five named ways."""

    type: Literal["claude_smart"]
    environment_aware: bool = True
    """Without any preset, the workflow's `environment.mode` picks one."""


class SessionConfig(Record):
    """Which conversation a step belongs to, and how long it lasts."""

    refused: ClassVar[Mapping[str, str]] = {
        "session_id": "write session_name",
        "checkpoint_interval": "every turn is kept",
        "max_session_turns": "write max_turns",
    }

    session_name: str = ""
    """The step's own name when empty (a template)."""
    persist: bool = False
    """Keep the conversation for later runs, once this run has ended."""
    continue_on_restart: bool | None = None
    """Begin where an earlier run ended; as `persist` when not given."""
    continue_session: bool = True
    """`false` begins anew in this step: nothing that was said before is sent."""
    checkpoint_frequency: int = Field(default=1, ge=1)
    """Accepted: every turn is kept as soon as it is paid for."""
    max_turns: int | None = Field(default=None, ge=1)
    """Questions the whole conversation may have; one more is refused."""
    description: str = ""


class ClaudeSessionStep(ClaudeBase):
    """One turn of a conversation that goes on over several steps."""

    refused: ClassVar[Mapping[str, str]] = {
        **StepBase.refused,
        "conversation": "write one claude_session step for each turn, all with one session_name",
    }

    type: Literal["claude_session"]
    session_config: SessionConfig = Field(default_factory=SessionConfig)

    @model_validator(mode="after")
    def _one_session(self) -> ClaudeSessionStep:
        if self.claude_options.session_id:
            raise ValueError("'session_config.session_name' names the session; drop 'session_id'")
        return self


class ClaudeExtractStep(ClaudeBase):
    """Have content taken apart: the answer is data of a form given here, or the step fails."""

    type: Literal["claude_extract"]
    extraction_config: ExtractionConfig | None = None
    answer: dict[str, Any] | str | None = Field(default=None, alias="schema")
    """The form of the answer instead of `extraction_config`; the same as `output_schema`."""

    @model_validator(mode="after")
    def _one_form(self) -> ClaudeExtractStep:
        forms = (self.extraction_config, self.answer, self.output_schema)
        if sum(form is not None for form in forms) > 1:
            raise ValueError(
                "give one of 'extraction_config', 'schema' and 'output_schema': each says the form"
            )
        return self

    @property
    def extraction(self) -> ExtractionConfig | None:
        """What is taken out; None where a schema says it."""
        if self.answer is not None or self.output_schema is not None:
            return None
        return self.extraction_config or ExtractionConfig()

    @property
    def wanted_schema(self) -> dict[str, Any] | str | None:
        if (extraction := self.extraction) is not None:
            return extraction.answer_schema()
        return self.output_schema if self.answer is None else self.answer


_MADE_UP = "a made-up success; use 'skip', which says so, or 'simplified_prompt'"
NO_FALLBACKS: Mapping[str, str] = {
    **dict.fromkeys(
        ("mock_response", "graceful_degradation", "emergency_response", "cached_response"), _MADE_UP
    ),
    "use_cached_response": _MADE_UP,
}


def _honest(value: Any) -> Any:
    if isinstance(value, str) and value in NO_FALLBACKS:
        raise ValueError(f"{value!r} is {NO_FALLBACKS[value]}")
    return value


class RobustConfig(RetryConfig):
    """What a step does about a model that does not answer."""

    fallback_action: Annotated[
        Literal["simplified_prompt", "skip", "fail"], BeforeValidator(_honest)
    ] = "fail"
    """After the last try: ask `fallback_prompt`, leave the step out with a notice, or fail."""
    breaker_after: int = Field(default=5, ge=1, le=100)
    """After so many failures in a row, its own and others', the vendor is not asked any more in
    this run: the step goes straight to its fallback."""


class ClaudeRobustStep(ClaudeBase):
    """Ask again when the model fails, and do without its answer in a way everybody can see."""

    type: Literal["claude_robust"]
    retry_config: RobustConfig = Field(default_factory=RobustConfig)
    fallback_prompt: Prompt | None = None
    """What `simplified_prompt` asks, once, without tools."""

    @model_validator(mode="after")
    def _fallback_is_whole(self) -> ClaudeRobustStep:
        simplified = self.retry_config.fallback_action == "simplified_prompt"
        if simplified != (self.fallback_prompt is not None):
            raise ValueError("'simplified_prompt' and 'fallback_prompt' need each other")
        if self.claude_options.retry_config is not None:
            raise ValueError("the step has a 'retry_config' of its own; drop that of the options")
        return self


AnyClaudeStep = (
    ClaudeStep | ClaudeSmartStep | ClaudeSessionStep | ClaudeExtractStep | ClaudeRobustStep
)
