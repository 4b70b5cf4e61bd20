"""One task of a step that asks several questions, and how much happens at once."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from bot.core.model import Record
from bot.pipeline.language.claude_options import ClaudeOptions
from bot.pipeline.language.guarded import Guarded
from bot.pipeline.language.model_steps import Prompt
from bot.pipeline.language.step_base import Name

MAX_PARALLEL = 32
LONGEST_TASK = 3_600
"""Seconds. More than that is meant as milliseconds, as some have written it."""


class Task(Guarded):
    """One question of several."""

    id: Name | None = None
    """Its name among the tasks; `task_<number>` when none is given."""
    task_id: Name | None = None
    """The same as `id`."""
    description: str = ""
    file: str = ""
    """A file the question is about: the same as a file part before the prompt (a template)."""
    prompt: Prompt | None = None
    claude_options: ClaudeOptions | None = None
    """Keys that are not those of the step."""
    output_schema: dict[str, Any] | str | None = None
    """JSON Schema of the answer, or the name of a type."""
    output_to_file: str = ""
    """Write the answer into the run's output directory (a template)."""
    offline: str = ""
    """The offline skill that serves this task when no key is set."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """Structured input of the offline skill."""

    @model_validator(mode="after")
    def _one_name(self) -> Task:
        if self.id and self.task_id:
            raise ValueError("'id' and 'task_id' mean the same; give one of them")
        return self


class Limits(Record):
    """How much happens at once."""

    max_parallel: int = Field(default=3, ge=1, le=MAX_PARALLEL)
    timeout_per_task: float | None = Field(default=None, gt=0)
    """Seconds; a task that takes longer has failed."""

    @model_validator(mode="after")
    def _seconds(self) -> Limits:
        if self.timeout_per_task is not None and self.timeout_per_task > LONGEST_TASK:
            raise ValueError(
                f"timeout_per_task is in seconds, at most {LONGEST_TASK}; "
                f"{self.timeout_per_task:g} looks like milliseconds"
            )
        return self
