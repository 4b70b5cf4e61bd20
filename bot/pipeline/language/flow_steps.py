"""Steps that decide which steps run, how often, and what they remember."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from bot.pipeline.language.pipeline_step import PipelineStep as PipelineStep
from bot.pipeline.language.step_base import At, Condition, Name, StepBase

if TYPE_CHECKING:
    from bot.pipeline.language.spec import Step

LOOP_FIELDS = ("index", "number", "count", "length", "is_first", "is_last", "item", "parent")
"""What `loop` has in the body of a for_loop, beside the iterator's own name."""

MAX_PARALLEL = 32


class LoopStep(StepBase):
    """What both loops share."""

    steps: tuple[Step, ...] = Field(min_length=1)
    """What one iteration does."""
    break_condition: Condition = None
    """Checked after each iteration: end the loop."""
    continue_condition: Condition = None
    """Checked before each iteration: skip this one."""

    def body(self) -> tuple[tuple[At, tuple[Step, ...]], ...]:
        """The steps of one iteration."""
        return ((("steps",), self.steps),)


class ForLoopStep(LoopStep):
    """Run steps once per item of a list."""

    type: Literal["for_loop"]
    iterator: Name = "item"
    """Name of the current item in the body, also as `loop.<iterator>`."""
    data_source: str | tuple[Any, ...]
    """An expression that gives a list (`steps.plan.actions`), `step:field`, `previous_response`,
    `previous_response:field`, or the list itself."""
    max_iterations: int = Field(default=1000, ge=1, le=10_000)
    """More items than this are refused before the first iteration."""
    break_on_error: bool = True
    """Stop at the first failed iteration; otherwise go on, and fail at the end."""
    parallel: bool = False
    """Run iterations side by side; each keeps the variables it sets to itself."""
    max_parallel: int = Field(default=4, ge=1, le=MAX_PARALLEL)
    """In a parallel loop, how many iterations run at once."""
    batch_size: int | None = Field(default=None, ge=1)
    """In a parallel loop, wait for so many iterations before the next ones start."""
    ordered_results: bool = True
    """Results in the order of the items; otherwise in the order in which they ended."""

    @model_validator(mode="after")
    def _iterator_is_free(self) -> ForLoopStep:
        if self.iterator in LOOP_FIELDS and self.iterator != "item":
            raise ValueError(f"'loop.{self.iterator}' has a meaning already; rename the iterator")
        return self


class WhileLoopStep(LoopStep):
    """Run steps as long as `condition` holds. Use `when` to guard the loop itself.

    A condition on a step of the body cannot be checked before that step has run; until then it
    counts as true. From the second iteration on, steps see the results of the one before; in the
    first one a `previous_response` of a step further down is left out.
    """

    condition_guards: ClassVar[bool] = False
    needed: ClassVar[Mapping[str, str]] = {
        "max_iterations": "without a bound the loop may never end; give the most there may be",
    }
    """Required keys, and why they are."""
    model_config = ConfigDict(json_schema_extra={"allOf": [{"required": ["condition"]}]})

    type: Literal["while_loop"]
    max_iterations: int = Field(ge=1, le=10_000)
    """Reaching it while the condition still holds is a failure."""

    @model_validator(mode="after")
    def _has_condition(self) -> WhileLoopStep:
        if self.condition is None:
            raise ValueError("a while_loop needs a 'condition'")
        return self


class SwitchStep(StepBase):
    """Run the steps of the case whose key is the value of `expression`."""

    expressions: ClassVar[tuple[str, ...]] = ("expression",)

    type: Literal["switch"]
    expression: str = Field(min_length=1)
    """Its value chooses the case."""
    cases: dict[str, tuple[Step, ...]] = Field(min_length=1)
    """Value to steps. Numbers, booleans and null are written as such or as text."""
    default: tuple[Step, ...] = ()
    """Steps that run when no case matches."""

    def body(self) -> tuple[tuple[At, tuple[Step, ...]], ...]:
        """Every case, then the default."""
        return self.branches()

    def branches(self) -> tuple[tuple[At, tuple[Step, ...]], ...]:
        """Later steps may look at the steps of a case, as they may at those of an `else`."""
        cases = tuple((("cases", key), steps) for key, steps in self.cases.items())
        return (*cases, (("default",), self.default)) if self.default else cases


class JumpStep(StepBase):
    """End the loop (`break`) or this iteration of it (`continue`)."""

    type: Literal["break", "continue"]


class CheckpointStep(StepBase):
    """Keep where the run stands, so that a stopped run can go on from here."""

    templated: ClassVar[tuple[str, ...]] = ("state", "checkpoint_name")

    type: Literal["checkpoint"]
    state: dict[str, Any] = Field(default_factory=dict)
    """What to keep beside the results of the steps so far."""
    checkpoint_name: str = ""
    """The step's own name when empty."""
    include_workspace: bool = True
    """Also keep the work tree as it is."""
    compress: bool = True
    """Accepted; how a checkpoint is stored does not show."""


class SetVariableStep(StepBase):
    """Set variables; later steps read them by name or as `vars.<name>`."""

    templated: ClassVar[tuple[str, ...]] = ("variables",)

    type: Literal["set_variable"]
    variables: dict[Name, Any] = Field(min_length=1)
    """Name to value; every text in it is a template."""
    scope: Literal["global", "session", "loop", "local"] = "session"
    """`loop` and `local` end with the iteration or the inline block; the other two last for the
    run of this pipeline."""

    def defines(self) -> tuple[str, ...]:
        """The variables that outlive the block the step is in."""
        return () if self.scope in ("loop", "local") else tuple(self.variables)


FlowStep = (
    PipelineStep
    | ForLoopStep
    | WhileLoopStep
    | SwitchStep
    | JumpStep
    | CheckpointStep
    | SetVariableStep
)
