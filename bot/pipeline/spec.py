"""The pipeline language: workflows and the steps that make them up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from bot.core.model import Record
from bot.pipeline.model_steps import AnyModelStep, Preset
from bot.pipeline.step_base import Condition, Name, StepBase, tags
from bot.pipeline.work_steps import WorkStep


class PipelineStep(StepBase):
    """Run another pipeline: a file, or steps written here."""

    type: Literal["pipeline"]
    pipeline_file: str = ""
    """Relative to the pipelines directory; a literal."""
    steps: tuple[Step, ...] = ()
    """Inline steps; they see everything this step sees."""
    inputs: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> PipelineStep:
        if bool(self.pipeline_file) == bool(self.steps):
            raise ValueError("a pipeline step takes exactly one of 'pipeline_file' and 'steps'")
        return self


class LoopStep(StepBase):
    """What both loops share."""

    steps: tuple[Step, ...] = Field(min_length=1)
    max_iterations: int = Field(ge=1, le=10_000)
    """Reaching it with work left is a failure."""
    break_condition: Condition = None
    """Checked after each iteration: end the loop."""
    continue_condition: Condition = None
    """Checked before each iteration: skip this one."""


class ForLoopStep(LoopStep):
    """Run steps once per item of a list."""

    type: Literal["for_loop"]
    iterator: Name = "item"
    """Name of the current item in the body."""
    data_source: str | tuple[Any, ...]
    """An expression that gives a list (`steps.plan.actions`), or the list itself."""
    break_on_error: bool = True
    """Stop at the first failed iteration; otherwise go on, and fail at the end."""


class WhileLoopStep(LoopStep):
    """Run steps as long as `condition` holds. Use `when` to guard the loop itself."""

    condition_guards: ClassVar[bool] = False

    type: Literal["while_loop"]

    @model_validator(mode="after")
    def _has_condition(self) -> WhileLoopStep:
        if self.condition is None:
            raise ValueError("a while_loop needs a 'condition'")
        return self


class SetVariableStep(StepBase):
    """Set variables; later steps read them by name or as `vars.<name>`."""

    type: Literal["set_variable"]
    variables: dict[Name, Any] = Field(min_length=1)
    scope: Literal["global", "session", "loop"] = "session"
    """`loop` ends with the iteration; the other two last for the run of this pipeline."""


Step = Annotated[
    AnyModelStep | PipelineStep | ForLoopStep | WhileLoopStep | SetVariableStep | WorkStep,
    Field(discriminator="type"),
]


class Input(Record):
    """One declared input."""

    type: Literal["string", "integer", "number", "boolean", "list", "object", "any"] = "string"
    description: str = ""
    default: Any = None
    required: bool = False
    """Without it a missing input has its default (null when there is none)."""


class Workflow(Record):
    """A pipeline file."""

    name: str
    description: str = ""
    inputs: dict[Name, Input] | None = None
    """Declared inputs. Without this key every unknown name in a template is a required input."""
    outputs: dict[Name, str] = Field(default_factory=dict)
    """Name to expression; what a caller of this pipeline gets."""
    defaults: Defaults = Field(default_factory=lambda: Defaults())
    steps: tuple[Step, ...] = Field(min_length=1)


class Defaults(Record):
    """Values for steps that say nothing themselves."""

    preset: Preset | None = None
    timeout_seconds: float | None = Field(default=None, gt=0, le=86_400)


STEP_TYPES: dict[str, type[StepBase]] = {
    tag: step for step in get_args(get_args(Step)[0]) for tag in tags(step)
}
"""Every step by the value of its `type`."""

_models: tuple[type[Record], ...] = (*dict.fromkeys(STEP_TYPES.values()), Workflow)
for _model in _models:
    _model.model_rebuild(_types_namespace={"Step": Step, **globals()})


def nested_steps(step: StepBase) -> tuple[Step, ...]:
    """The steps directly inside `step`: a body, or inline steps."""
    return step.steps if isinstance(step, LoopStep | PipelineStep) else ()


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step with everything inside it, in the order of the file."""
    for step in steps:
        yield step
        yield from walk(nested_steps(step))
        yield from walk(step.otherwise)
