"""The step that runs another pipeline, as written in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from bot.core.model import Record
from bot.pipeline.language.step_base import At, Name, Retry, StepBase

if TYPE_CHECKING:
    from bot.pipeline.language.spec import Step
    from bot.pipeline.language.workflow import Defaults, Workflow


MAX_DEPTH = 10
"""Pipelines within pipelines."""


class OutputPick(Record):
    """One value taken out of what a nested pipeline gave."""

    path: str = Field(min_length=1)
    """`metrics.security.score`: an output or a step of the pipeline, and a place in its data."""
    alias: Name = Field(alias="as")
    """Its name in this step's data."""


class PipelineConfig(Record):
    """How a nested pipeline runs."""

    refused: ClassVar[Mapping[str, str]] = {
        "workspace_dir": "nested pipelines work on the run's one work tree",
        "memory_limit_mb": "memory is not limited per pipeline; limit steps or seconds",
        "cleanup_on_success": "nested pipelines have no work tree of their own to remove",
        "cleanup_on_error": "nested pipelines have no work tree of their own to remove",
        "checkpoint_dir": "what a run keeps lies in one place",
        "checkpoint_frequency": "every paid answer is kept at once",
        "lazy_load": "every pipeline is loaded and checked before the run",
        "retry_on": "max_retries tries again whatever the error was",
        "fallback_value": "use continue_on_error, and `steps.<name>.x | default(...)` after it",
    }

    inherit_context: bool | None = None
    """Inputs the step does not give are taken from the caller's variables and inputs."""
    inherit_providers: bool = True
    """Always so: one run has one set of models."""
    inherit_functions: bool = True
    """The nested pipeline may use the caller's `gemini_functions`."""
    checkpoint_enabled: bool = True
    """Always so, as far as the run itself keeps what was paid for."""
    enable_tracing: bool = True
    """Always so: every step leaves a line in the run's trace."""
    capture_errors: bool = True
    """Always so: read `steps.<name>.error`."""
    timeout_seconds: float | None = Field(default=None, gt=0, le=86_400)
    """For the whole nested pipeline."""
    max_depth: int | str | None = None
    """How many pipelines deep it may go from here (a template); a pipeline that calls itself
    needs it."""
    max_total_steps: int | None = Field(default=None, ge=1)
    """Steps of the nested pipeline, everything in it counted."""
    continue_on_error: bool | None = None
    """The same as the step's own."""
    max_retries: int | None = Field(default=None, ge=0, le=9)
    """The same as `retry: {attempts: max_retries + 1}`."""

    @model_validator(mode="after")
    def _shared(self) -> PipelineConfig:
        for name in ("inherit_providers", "checkpoint_enabled", "enable_tracing", "capture_errors"):
            if not getattr(self, name):
                raise ValueError(
                    f"'{name}: false' is not supported: nested pipelines share the run's models, "
                    "checkpoints and trace, and errors are always kept"
                )
        if isinstance(self.max_depth, int) and self.max_depth < 1:
            raise ValueError("max_depth must be at least 1")
        return self


class PipelineStep(StepBase):
    """Run another pipeline: a file, a library entry, a pipeline or steps written here."""

    templated: ClassVar[tuple[str, ...]] = ("inputs",)
    refused: ClassVar[Mapping[str, str]] = {
        **StepBase.refused,
        "version": "the library holds one version of each pipeline",
    }

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [key]}
                for key in ("pipeline_file", "pipeline_ref", "pipeline", "steps")
            ]
        }
    )

    type: Literal["pipeline"]
    pipeline_file: str = ""
    """Relative to the pipelines directory; a literal."""
    pipeline_ref: str = ""
    """Name in the library without `.yaml`, or of the pipeline this step is in."""
    pipeline: Workflow | None = None
    """A whole pipeline written here; it sees only its inputs."""
    steps: tuple[Step, ...] = ()
    """Inline steps; they see everything this step sees."""
    inputs: dict[str, Any] = Field(default_factory=dict)
    """What it gets; inline steps see these as names beside everything else."""
    outputs: tuple[Name | OutputPick, ...] = ()
    """What becomes this step's data; without it all the pipeline's outputs do."""
    config: PipelineConfig = Field(default_factory=PipelineConfig)
    """How it runs."""

    @model_validator(mode="after")
    def _one_source(self) -> PipelineStep:
        sources = (self.pipeline_file, self.pipeline_ref, self.pipeline, self.steps)
        if sum(map(bool, sources)) != 1:
            raise ValueError(
                "a pipeline step takes exactly one of 'pipeline_file', 'pipeline_ref', "
                "'pipeline' and 'steps'"
            )
        if self.steps and self.config.inherit_context is False:
            raise ValueError("inline 'steps' see everything around them; use 'pipeline' instead")
        return self

    def body(self) -> tuple[tuple[At, tuple[Step, ...]], ...]:
        """Inline steps; those of an inline pipeline have a scope of their own."""
        return ((("steps",), self.steps),) if self.steps else ()

    def goes_on(self, defaults: Defaults) -> bool:
        """As its `config` says, where the step itself says nothing."""
        own = self.continue_on_error
        chosen = self.config.continue_on_error if own is None else own
        return defaults.continue_on_error if chosen is None else chosen

    def tries(self, defaults: Defaults) -> Retry:
        """As its `config` says, where the step itself says nothing."""
        retries = self.config.max_retries
        if self.retry is None and retries is not None:
            return Retry(attempts=retries + 1)
        return self.retry or Retry(attempts=1)
