"""The head of a pipeline file: what goes in, what comes out, and what holds for all its steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from bot.core.model import Record
from bot.pipeline.budget import Limits
from bot.pipeline.language.claude_options import OutputFormat
from bot.pipeline.language.model_steps import Preset, TokenBudget
from bot.pipeline.language.step_base import Name

if TYPE_CHECKING:
    from bot.pipeline.language.spec import Step

InputType = Literal["string", "integer", "number", "boolean", "list", "array", "object", "any"]


class Input(Record):
    """One declared input."""

    type: InputType = "string"
    """`array` is the same as `list`."""
    description: str = ""
    """For whoever has to give it."""
    default: Any = None
    """Its value when none is given."""
    required: bool = False
    """Without it a missing input has its default (null when there is none)."""
    enum: tuple[Any, ...] = ()
    """The only values it may have; any of its type when empty."""


_KEPT = "paid answers are kept until the run succeeds, and need no setting"


class Defaults(Record):
    """Values for steps that say nothing themselves."""

    refused: ClassVar[Mapping[str, str]] = dict.fromkeys(("cache_results", "cache_ttl"), _KEPT)

    preset: Preset | None = None
    """For every step that asks a model."""
    claude_preset: Preset | None = None
    """For Claude's steps; wins over `preset` there."""
    claude_model: str = ""
    """For Claude's steps that name no model."""
    claude_fallback_model: str = ""
    """Asked when the first model is overloaded."""
    claude_output_format: OutputFormat | None = None
    """For Claude's steps that name no `output_format` and no schema."""
    gemini_model: str = ""
    """For Gemini's steps that name no model."""
    gemini_token_budget: TokenBudget | None = None
    """For Gemini's steps that say nothing of it themselves."""
    timeout_seconds: float | None = Field(default=None, gt=0, le=86_400)
    """For each step that runs or asks something."""
    output_dir: str = ""
    """The same as the workflow's own `output_dir`."""
    retry_on_error: bool = False
    """Try every failed step that holds no other steps once more."""
    continue_on_error: bool = False
    """Go on after failed steps."""


class ResourceLimits(Record):
    """What one run of this pipeline may use, everything nested included."""

    refused: ClassVar[Mapping[str, str]] = {
        "max_memory_mb": "memory is not limited per pipeline; the sandbox limits each command",
        "max_cost_usd": "give the run a budget: --max-usd",
        "max_tokens_total": "give the run a budget: --max-tokens",
    }

    max_total_steps: int | None = Field(default=None, ge=1)
    """Steps that begin, each iteration counted."""
    max_execution_time_s: float | None = Field(default=None, gt=0)
    """Seconds on the clock."""

    def limits(self) -> Limits:
        """The same as a budget knows them."""
        return Limits(steps=self.max_total_steps, seconds=self.max_execution_time_s)


class CostAlerts(Record):
    """Say when a run becomes expensive. A budget (`--max-usd`) is what stops one."""

    enabled: bool = True
    """False: as if there were none."""
    threshold_usd: float = Field(gt=0)
    """US dollars."""
    notify_on_exceed: bool = True
    """False asks for no notice; the trace has the cost in any case."""


class Environment(Record):
    """Where the pipeline is meant to run; steps read it as `environment.mode`."""

    refused: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("cost_limits", "cost_tracking"), "give the run a budget: --max-usd"),
        "debug_config": "every run keeps a trace; see `genesis pipeline show`",
    }

    mode: Literal["development", "production", "test"] = "development"
    """A word for conditions to ask for."""
    debug_level: Literal["basic", "detailed", "performance"] = "basic"
    """A word for conditions to ask for; the trace holds the same at every level."""
    cost_alerts: CostAlerts | None = None
    """Say when the run becomes expensive."""


class GeminiFunction(Record):
    """A function `gemini` steps may offer to the model."""

    description: str = ""
    """What it does, for the model."""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    """JSON Schema of its arguments."""


class Workflow(Record):
    """A pipeline file."""

    refused: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("workspace_dir", "workspace_config"), "every step works on the run's own work tree"
        ),
        **dict.fromkeys(
            ("checkpoint_dir", "checkpoint_config", "directories"),
            "what a run keeps lies in the run's own directory",
        ),
        **dict.fromkeys(("claude_auth", "gemini_auth"), "keys come from the environment alone"),
        **dict.fromkeys(("providers", "models"), "name models in 'defaults', or on the step"),
        **dict.fromkeys(
            ("telemetry", "monitoring", "performance"),
            "every run keeps a trace; see `genesis pipeline show`",
        ),
        **dict.fromkeys(
            ("safety", "token_management", "max_execution_time"),
            "set 'resource_limits', and the run's own budget",
        ),
        **dict.fromkeys(("extends", "include"), "call the other file in a pipeline step"),
        **dict.fromkeys(
            ("retry_on_failure", "retry_attempts"), "write 'retry_on_error' in 'defaults'"
        ),
        "global_vars": "write 'variables'; they are also read as global_vars.<name>",
        "cache_config": _KEPT,
        "input_schema": "declare 'inputs' with their types",
        "output_config": "write 'output_dir'",
    }

    name: str = Field(min_length=1)
    """What the pipeline is called, in traces and by itself."""
    version: str | int | float = ""
    """For readers; also `workflow.version`."""
    description: str = ""
    """What it does, in a sentence."""
    variables: dict[Name, Any] = Field(default_factory=dict)
    """What variables start with (templates over the inputs); also `workflow.variables.<name>`."""
    inputs: dict[Name, Input] | None = None
    """Declared inputs. Without this key every unknown name in a template is a required input."""
    outputs: dict[Name, str] = Field(default_factory=dict)
    """Name to expression; what a caller of this pipeline gets."""
    types: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    """JSON Schemas for `output_schema: <name>`; they see one another as `#/$defs/<name>`."""
    defaults: Defaults = Field(default_factory=Defaults)
    """Values for steps that say nothing themselves."""
    resource_limits: ResourceLimits = Field(default_factory=ResourceLimits)
    """What one run may use."""
    environment: Environment = Field(default_factory=Environment)
    """Where it is meant to run."""
    gemini_functions: dict[Name, GeminiFunction] = Field(default_factory=dict)
    """Functions that `gemini` steps may offer to the model."""
    checkpoint_enabled: bool = True
    """Keep paid answers and checkpoints until the run succeeds."""
    output_dir: str = ""
    """Directory, below the run's own, that `output_to_file` writes into."""
    steps: tuple[Step, ...] = Field(min_length=1)
    """What is done, in this order."""

    @model_validator(mode="after")
    def _output_dir_is_below(self) -> Workflow:
        directory = self.output_directory
        if "\\" in directory or ".." in PurePosixPath(directory).parts or directory[:1] == "/":
            raise ValueError("'output_dir' must be a relative path below the run's directory")
        return self

    @property
    def output_directory(self) -> str:
        """Where results go, relative to the run's output directory; empty for that itself."""
        return self.output_dir or self.defaults.output_dir
