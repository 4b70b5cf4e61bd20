"""What every step of the language has in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from bot.core.model import Record

if TYPE_CHECKING:
    from bot.pipeline.language.spec import Step
    from bot.pipeline.language.workflow import Defaults

At = tuple[str | int, ...]
"""Keys and positions that lead to a place in a file."""


def tags(step: type[StepBase]) -> tuple[str, ...]:
    """The values of `type` that mean this step."""
    return tuple(get_args(step.model_fields["type"].annotation))


Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=80)]
Condition = Any
"""A string, a boolean, a list (all must hold) or a map with `and`, `or` or `not`."""

MAX_PAUSE = 300.0
"""Seconds between two tries, however often they doubled."""


class Retry(Record):
    """How often a failed step is tried again."""

    attempts: int = Field(default=2, ge=1, le=10)
    """Tries altogether."""
    delay_seconds: float = Field(default=0.0, ge=0, le=MAX_PAUSE)
    """Pause before the second try."""
    backoff: Literal["constant", "linear", "exponential"] = "constant"
    """How the pause grows from try to try."""

    def pause(self, failed: int) -> float:
        """Seconds to wait after the `failed`-th failure, counted from 1."""
        growth = {"constant": 1, "linear": failed, "exponential": int(2 ** (failed - 1))}
        return min(self.delay_seconds * growth[self.backoff], MAX_PAUSE)


class StepBase(Record):
    """What every step may say."""

    templated: ClassVar[tuple[str, ...]] = ()
    """Fields that hold templates, at any depth; checked before the run."""
    expressions: ClassVar[tuple[str, ...]] = ()
    """Fields that hold one expression, with or without `{{ }}`."""
    answers_schema: ClassVar[bool] = False
    """True where the handler itself sees to `output_schema`; elsewhere the engine does."""
    condition_guards: ClassVar[bool] = True
    """False where `condition` means something else, so that only `when` guards the step."""
    refused: ClassVar[Mapping[str, str]] = {
        "error_output": "read `steps.<name>.error` instead",
        "error_handler": "use continue_on_error, and a step with `when: not steps.<name>.success`",
        "on_error": "use continue_on_error, and a step with `when: not steps.<name>.success`",
        "cache": "paid answers are kept until the run succeeds, and need no setting",
        "variables": "set them in a set_variable step before, or give them to a file part",
    }
    """Keys other pipeline languages have here, and what to write instead."""

    name: Name
    """Unique in its file; later steps refer to it."""
    description: str = ""
    """For readers."""
    condition: Condition = None
    """Run the step only when this holds."""
    when: Condition = None
    """The same as `condition`."""
    otherwise: tuple[Step, ...] = Field(default=(), alias="else")
    """Steps that run instead when the condition does not hold."""
    continue_on_error: bool | None = None
    """Go on after a failure; the result stays `failed`. Without it the workflow's default holds."""
    output_schema: dict[str, Any] | str | None = None
    """JSON Schema the step's data must satisfy, or the name of a type."""
    output_to_file: str = ""
    """Write the result into the run's output directory: data as JSON, or the text (a template)."""
    retry: Retry | None = None
    """Try a failed step again."""
    timeout_seconds: float | None = Field(default=None, gt=0, le=86_400)
    """For the whole step; a loop or a pipeline with everything in it."""

    @model_validator(mode="after")
    def _one_guard(self) -> StepBase:
        if self.condition_guards and self.condition is not None and self.when is not None:
            raise ValueError("'when' and 'condition' mean the same; give one of them")
        if self.otherwise and self.guard is None:
            raise ValueError("'else' needs a 'condition'")
        return self

    @property
    def guard(self) -> Condition:
        """The condition the step runs under, None for always."""
        return self.condition if self.when is None and self.condition_guards else self.when

    @property
    def guard_key(self) -> str:
        """The key `guard` is written under."""
        return "when" if self.when is not None else "condition"

    def goes_on(self, defaults: Defaults) -> bool:
        """Whether the steps after this one still run when it has failed."""
        own = self.continue_on_error
        return defaults.continue_on_error if own is None else own

    def tries(self, defaults: Defaults) -> Retry:
        """How often to try it. `retry_on_error` leaves steps that hold others to their parts."""
        if self.retry is not None:
            return self.retry
        return Retry(attempts=2 if defaults.retry_on_error and not self.body() else 1)

    def body(self) -> tuple[tuple[At, tuple[Step, ...]], ...]:
        """The blocks of steps inside this one, each with its keys; `else` is not among them."""
        return ()

    def defines(self) -> tuple[str, ...]:
        """Variables that later steps see because this one ran."""
        return ()

    def branches(self) -> tuple[tuple[At, tuple[Step, ...]], ...]:
        """The part of `body` whose steps stand in the same scope as this one."""
        return ()

    def blocks(self) -> Iterator[tuple[At, tuple[Step, ...]]]:
        """Every block of steps inside this one, in the order they are thought of."""
        yield from self.body()
        if self.otherwise:
            yield ("else",), self.otherwise
