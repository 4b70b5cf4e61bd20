"""What a step handler gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from bot.errors import OtpError
from bot.llm.types import Model, Usage
from bot.pipeline.budget import Budget, Cancelled
from bot.pipeline.calls import Calls
from bot.pipeline.expr import holds, render, resolve
from bot.pipeline.results import StepEvent
from bot.pipeline.scope import Scope
from bot.pipeline.services import Services, require
from bot.pipeline.sessions import Sessions
from bot.pipeline.spec import Workflow
from bot.pipeline.step_base import StepBase

if TYPE_CHECKING:
    from bot.pipeline.engine import Engine
    from bot.pipeline.load import Library

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """What a handler gives back; raising `OtpError` is a failure without data."""

    data: Any = None
    text: str = ""
    status: Literal["succeeded", "failed"] = "succeeded"
    error: OtpError | None = None
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    prompt_hash: str = ""
    cached: bool = False
    notice: str = ""


@dataclass(frozen=True)
class RunState:
    """What everything inside one run shares."""

    services: Services
    models: Mapping[str, Model]
    budget: Budget
    library: Library | None
    calls: Calls
    sessions: Sessions
    output_dir: Path | None
    """Where `output_to_file` writes; None where this run writes no files."""
    cancelled: Callable[[], bool]
    observer: Callable[[StepEvent], None]

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

    @property
    def models(self) -> Mapping[str, Model]:
        """The run's models; what they answer here is kept under this step's path."""
        return self.run.calls.bind(self.run.models, self.path)

    def render(self, template: str) -> str:
        """The template as text."""
        return render(template, self.scope.flat())

    def resolve(self, value: Any) -> Any:
        """The value with every template in it filled in, types kept."""
        return resolve(value, self.scope.flat())

    def holds(self, condition: Any) -> bool:
        """Whether the condition is true now."""
        return holds(condition, self.scope.flat())

    def need(self, service: T | None, name: str, step: StepBase) -> T:
        """The service, or `Refused` that names what is missing."""
        return require(service, name, step.name)

    def timeout(self, step: StepBase, otherwise: float) -> float:
        """Seconds this step may take."""
        return step.timeout_seconds or self.workflow.defaults.timeout_seconds or otherwise


class Handler(Protocol):
    """Carries out one type of step."""

    def __call__(self, step: Any, context: StepContext) -> Outcome:
        """Raises `OtpError` when the step cannot be carried out."""
