"""What steps and runs end with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.errors import OtpError
from bot.llm.types import Usage

StepStatus = Literal["succeeded", "failed", "skipped"]


@dataclass(frozen=True)
class StepResult:
    """The end of one step."""

    name: str
    type: str
    status: StepStatus
    data: Any = None
    """JSON value; its fields are what expressions see."""
    text: str = ""
    """What `previous_response` puts into a prompt."""
    error: OtpError | None = None
    """Why it failed."""
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    prompt_hash: str = ""
    cached: bool = False
    """Taken from a checkpoint."""
    notice: str = ""
    """Something a person should know although the step went on."""


class StepView(dict[str, Any]):
    """A step as expressions see it: the fields of its data, and how it ended.

    Data wins over the general fields, so `verify_fix.status` is the model's answer; how the
    step itself ended is `outcome`.
    """

    def __init__(self, result: StepResult) -> None:
        general = {
            "outcome": result.status,
            "success": result.status == "succeeded",
            "text": result.text,
            "data": result.data,
            "result": result.text or None if result.data is None else result.data,
            "error": str(result.error) if result.error else None,
        }
        super().__init__(general | (dict(result.data) if isinstance(result.data, Mapping) else {}))
        self._result = result

    def __bool__(self) -> bool:
        """`when: not steps.review` asks whether the step was skipped."""
        return self._result.status != "skipped"

    def missing_field(self, name: Any) -> str:
        """The message for a field that is not there."""
        result = self._result
        if result.status == "skipped":
            return f"step {result.name!r} was skipped, so it has no field {name!r}"
        if not isinstance(result.data, Mapping):
            said = f"step {result.name!r} answered text, which has no field {name!r}"
            return f"{said}; give it an output_schema"
        return f"step {result.name!r} has no field {name!r}; there are: {', '.join(sorted(self))}"


@dataclass(frozen=True)
class StepEvent:
    """Progress, for whoever watches."""

    kind: Literal["started", "finished", "notice", "progress"]
    path: str
    """`workflow/step[iteration]/step`."""
    name: str
    type: str
    message: str = ""
    result: StepResult | None = None


@dataclass(frozen=True)
class RunResult:
    """The end of a workflow; `succeeded` only when every step did, or was allowed to fail."""

    status: Literal["succeeded", "failed"]
    steps: Mapping[str, StepResult]
    outputs: Mapping[str, Any]
    error: OtpError | None = None
    """What stopped it."""
    failed_step: str = ""
    """Path of the step that stopped it."""
