"""Steps that ask several questions side by side."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from bot.pipeline.language.batch_tasks import MAX_PARALLEL, Limits, Task
from bot.pipeline.language.claude_options import ClaudeOptions
from bot.pipeline.language.claude_steps import ClaudeStep
from bot.pipeline.language.model_steps import Preset, Prompt
from bot.pipeline.language.parts import FilePart
from bot.pipeline.language.step_base import StepBase

MAX_TASKS = 500


class BatchConfig(Limits):
    """How a batch runs."""

    tasks: tuple[Task, ...] = ()
    """The same as the step's own `tasks`."""
    consolidate_results: bool = True
    """Also give the answers alone, by task, as `consolidated`."""


class ParallelConfig(Limits):
    """How parallel tasks run."""

    refused: ClassVar[Mapping[str, str]] = {
        "queue_size": "tasks wait without a limit of their own",
        "retry_failed": "write 'retry_config' into the tasks' claude_options",
    }

    max_parallel: int = Field(default=8, ge=1, le=MAX_PARALLEL)
    max_workers: int | None = Field(default=None, ge=1, le=MAX_PARALLEL)
    """The same as `max_parallel`."""


class ManyStep(StepBase):
    """What both steps share: every task ends, and one that fails shows."""

    claude_options: ClaudeOptions = Field(default_factory=ClaudeOptions)
    """For every task; a task's own keys win."""
    preset: Preset | None = None
    model: str = ""
    """Model name; empty for the configured one."""
    max_tokens: int | None = Field(default=None, ge=1)
    max_repairs: int = Field(default=2, ge=0, le=5)
    """How often a malformed answer is sent back with what is wrong."""
    allow_failure: bool = False
    """A failed task is a result; without this the step fails once all tasks have ended."""

    @property
    @abstractmethod
    def tasks_of(self) -> tuple[Task, ...]:
        """The tasks, wherever they are written."""

    @property
    @abstractmethod
    def tasks_key(self) -> tuple[str, ...]:
        """The keys the tasks are written under."""

    @property
    @abstractmethod
    def limits(self) -> Limits:
        """How much happens at once."""

    @property
    def shared_prompt(self) -> Prompt:
        """What every task's prompt begins with."""
        return ()

    @property
    def consolidates(self) -> bool:
        """Whether the answers are also given alone."""
        return False

    def named_tasks(self) -> dict[str, Task]:
        """The tasks by their names."""
        return dict(zip(self._names(), self.tasks_of, strict=True))

    def questions(self) -> dict[str, ClaudeStep]:
        """Each task as the step it would be on its own."""
        return {name: self._question(name, task) for name, task in self.named_tasks().items()}

    def _names(self) -> list[str]:
        return [t.id or t.task_id or f"task_{n}" for n, t in enumerate(self.tasks_of, 1)]

    def _question(self, name: str, task: Task) -> ClaudeStep:
        own = task.claude_options
        given = {key: getattr(own, key) for key in own.model_fields_set} if own else {}
        options = self.claude_options.model_copy(update=given)
        file = (FilePart(type="file", path=task.file),) if task.file else ()
        return ClaudeStep(
            name=name,
            type="claude",
            prompt=(*self.shared_prompt, *file, *(task.prompt or ())),
            claude_options=options,
            preset=self.preset,
            model="" if options.model else self.model,
            max_tokens=self.max_tokens,
            max_repairs=self.max_repairs,
            output_schema=task.output_schema,
            offline=task.offline,
            arguments=task.arguments,
            timeout_seconds=self.limits.timeout_per_task or self.timeout_seconds,
        )

    @model_validator(mode="after")
    def _whole_tasks(self) -> ManyStep:
        if not 1 <= len(self.tasks_of) <= MAX_TASKS:
            raise ValueError(f"the step takes 1 to {MAX_TASKS} tasks, got {len(self.tasks_of)}")
        twice = [name for name, count in Counter(self._names()).items() if count > 1]
        if twice:
            raise ValueError(f"two tasks are called {twice[0]!r}")
        for name, task in self.named_tasks().items():
            if not (self.shared_prompt or task.prompt or task.file):
                raise ValueError(f"task {name!r} has no prompt")
        self.questions()
        return self


class ClaudeBatchStep(ManyStep):
    """Ask many questions, so many at once; the answers come in the order of the tasks."""

    type: Literal["claude_batch"]
    prompt: Prompt | None = None
    """What every task's prompt begins with."""
    tasks: tuple[Task, ...] = ()
    batch_config: BatchConfig = Field(default_factory=BatchConfig)

    @model_validator(mode="after")
    def _one_place(self) -> ClaudeBatchStep:
        if self.tasks and self.batch_config.tasks:
            raise ValueError("'tasks' stand on the step or in 'batch_config', not in both")
        return self

    @property
    def tasks_of(self) -> tuple[Task, ...]:
        return self.tasks or self.batch_config.tasks

    @property
    def tasks_key(self) -> tuple[str, ...]:
        return ("tasks",) if self.tasks else ("batch_config", "tasks")

    @property
    def limits(self) -> Limits:
        return self.batch_config

    @property
    def shared_prompt(self) -> Prompt:
        return self.prompt or ()

    @property
    def consolidates(self) -> bool:
        return self.batch_config.consolidate_results


class ParallelClaudeStep(ManyStep):
    """Ask several questions at the same time, each with its own options."""

    refused: ClassVar[Mapping[str, str]] = {
        **StepBase.refused,
        **dict.fromkeys(
            ("task_generator", "task_template"),
            "write a for_loop with 'parallel: true' around one claude step",
        ),
    }

    type: Literal["parallel_claude"]
    parallel_tasks: tuple[Task, ...]
    parallel_config: ParallelConfig = Field(default_factory=ParallelConfig)

    @property
    def tasks_of(self) -> tuple[Task, ...]:
        return self.parallel_tasks

    @property
    def tasks_key(self) -> tuple[str, ...]:
        return ("parallel_tasks",)

    @property
    def limits(self) -> Limits:
        config = self.parallel_config
        return Limits(
            max_parallel=config.max_workers or config.max_parallel,
            timeout_per_task=config.timeout_per_task,
        )


AnyBatchStep = ClaudeBatchStep | ParallelClaudeStep
