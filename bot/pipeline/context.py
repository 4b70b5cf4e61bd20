"""What a step handler gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from bot.errors import ModelMisbehaved, OtpError, Refused, Unusable
from bot.llm.structured import violations
from bot.llm.types import Model, Usage
from bot.pipeline.alarm import CostAlarm
from bot.pipeline.budget import Budget, Cancelled, Limits
from bot.pipeline.expressions.expr import evaluate, holds, render, resolve
from bot.pipeline.language.named_types import resolved_schema
from bot.pipeline.language.pipeline_step import MAX_DEPTH
from bot.pipeline.language.spec import Workflow
from bot.pipeline.language.step_base import StepBase
from bot.pipeline.record.calls import Calls
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.outputs import write_output
from bot.pipeline.record.points import Point
from bot.pipeline.record.sessions import Sessions
from bot.pipeline.results import StepEvent, StepStatus
from bot.pipeline.scope import Scope
from bot.pipeline.services import Services, require

if TYPE_CHECKING:
    from bot.pipeline.engine import Engine
    from bot.pipeline.load import Library

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """What a handler gives back; raising `OtpError` is a failure without data."""

    data: Any = None
    text: str = ""
    status: StepStatus = "succeeded"
    """`skipped`: the handler itself left the step out, and says why in the notice."""
    error: OtpError | None = None
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    prompt_hash: str = ""
    cached: bool = False
    notice: str = ""

    @classmethod
    def failed(cls, error: OtpError) -> Outcome:
        """The end of a step that raised; what a useless answer cost is kept."""
        usage = error.usage if isinstance(error, ModelMisbehaved) else None
        return cls(status="failed", error=error, usage=usage or Usage())


@dataclass(frozen=True)
class RunState:
    """What everything inside one run shares."""

    services: Services
    models: Mapping[str, Model]
    budget: Budget
    library: Library | None
    calls: Calls
    keeping: Keeping
    keys: Mapping[str, str]
    """Top-level step to the hash of everything up to it; empty where no points are kept."""
    cancelled: Callable[[], bool]
    observer: Callable[[StepEvent], None]
    alarm: CostAlarm = field(default_factory=CostAlarm)
    depth_limit: int = MAX_DEPTH
    """How many pipelines within pipelines there may be here."""

    @property
    def sessions(self) -> Sessions:
        """Conversations that go on over several steps."""
        return self.keeping.sessions

    def check_cancelled(self) -> None:
        """Raises `Cancelled` when the run is to stop."""
        if self.cancelled():
            raise Cancelled("the run was stopped")


@dataclass(frozen=True)
class StepContext:
    """One step's view of its run."""

    engine: Engine
    run: RunState
    workflow: Workflow
    scope: Scope
    path: str
    """Path of the step, for traces: `master/each_action[0]/refactor`."""
    depth: int = 0
    step: StepBase | None = None
    """The step in hand."""

    @property
    def models(self) -> Mapping[str, Model]:
        """The run's models; what they answer here is kept under this step's path."""
        return self.run.calls.bind(self.run.models, self.path, self.run.budget)

    def render(self, template: str) -> str:
        """The template as text."""
        return render(template, self._names())

    def resolve(self, value: Any) -> Any:
        """The value with every template in it filled in, types kept."""
        return resolve(value, self._names())

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, with or without `{{ }}`."""
        return evaluate(expression, self._names())

    def holds(self, condition: Any) -> bool:
        """Whether the condition is true now."""
        return holds(condition, self._names())

    def need(self, service: T | None, name: str, step: StepBase) -> T:
        """The service, or `Refused` that names what is missing."""
        return require(service, name, step.name)

    def completed(self, outcome: Outcome) -> Outcome:
        """The outcome, checked against the step's `output_schema` and written to its file.

        Raises `Unusable` for data of the wrong form, and `Refused` for a file outside.
        """
        step = self.step
        if step is None or outcome.status != "succeeded":
            return outcome
        wanted = resolved_schema(step.output_schema, self.workflow.types)
        checked = wanted is not None and not step.answers_schema
        if wanted is not None and checked and (wrong := violations(outcome.data, wanted)):
            error = Unusable(f"step {step.name!r}: its data breaks output_schema: {wrong[0]}")
            return replace(outcome, status="failed", error=error)
        if step.output_to_file:
            self.write_output(step.output_to_file, data=outcome.data, text=outcome.text)
        return outcome

    def write_output(self, name: str, *, data: Any, text: str) -> Path:
        """Write a result into the run's output directory; `name` is a template."""
        directory = self.run.keeping.output_dir
        if directory is None:
            raise Refused(f"{self.path} writes a file, and this run has no output directory")
        below = self.workflow.output_directory
        target = f"{below}/{self.render(name)}" if below else self.render(name)
        return write_output(directory, target, data=data, text=text)

    def save_checkpoint(self, name: str, state: Any, *, include_workspace: bool = True) -> bool:
        """Keep where the run stands, for a later one to go on from; False where it cannot.

        Only between the top-level steps of a file: inside a loop, a branch or a nested pipeline
        there is no single place to go on from.
        """
        run, step = self.run, self.step
        points, inside = run.keeping.points, self.depth or not self.scope.outermost
        if points is None or step is None or inside or step.name not in run.keys:
            return False
        workspace = run.services.codebase if include_workspace else None
        point = Point(
            name=name,
            step=step.name,
            key=run.keys[step.name],
            state=state,
            results=tuple(self.scope.own_steps().values()),
            variables=self.scope.variables,
            snapshot=workspace.snapshot() if workspace is not None else "",
            extra=run.keeping.position(),
            sessions=run.sessions.state(),
        )
        points.save(point)
        return True

    def _names(self) -> dict[str, Any]:
        names = self.scope.flat()
        if self.step is not None:
            names.setdefault("step", {"name": self.step.name, "description": self.step.description})
        return names

    def forget_useless(self, error: OtpError | None) -> None:
        """Answers that were of no use would fail every run that goes on from here alike."""
        if isinstance(error, ModelMisbehaved):
            self.run.calls.forget(self.path)

    def progress(self, message: str) -> None:
        """Tell whoever watches what this step is doing."""
        step = self.step
        name, kind = (step.name, str(getattr(step, "type", ""))) if step is not None else ("", "")
        self.run.observer(StepEvent("progress", self.path, name, kind, message))

    def timeout(self, step: StepBase, otherwise: float) -> float:
        """Seconds this step may take; never more than the block or the run it is in has left."""
        own = step.timeout_seconds or self.workflow.defaults.timeout_seconds or otherwise
        left = self.run.budget.seconds_left()
        return own if left is None else max(min(own, left), 0.001)

    def within(self, limits: Limits) -> StepContext:
        """The same with limits that hold for this block alone, everything in it included."""
        return replace(self, run=replace(self.run, budget=self.run.budget.part(limits)))


class Handler(Protocol):
    """Carries out one type of step."""

    def __call__(self, step: Any, context: StepContext) -> Outcome:
        """Raises `OtpError` when the step cannot be carried out."""
