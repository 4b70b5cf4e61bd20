"""Several questions side by side: every one ends, the order stays, and one that fails shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bot.core.usage import Usage
from bot.errors import OtpError
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.failures import is_fatal
from bot.pipeline.language.batch_steps import ManyStep
from bot.pipeline.language.batch_tasks import Task
from bot.pipeline.language.claude_steps import ClaudeStep
from bot.pipeline.parallel import run_parallel
from bot.pipeline.record.checkpoints import content_key
from bot.pipeline.steps.model import run_claude

MAX_NOTICES = 3


class TasksFailed(OtpError):
    """Some of a step's tasks failed; carries them all, and the exit code of the first."""

    def __init__(self, step: str, failures: Mapping[str, OtpError], total: int) -> None:
        name, first = next(iter(failures.items()))
        super().__init__(
            f"step {step!r}: {len(failures)} of {total} tasks failed; {name!r}: {first.message}",
            hint=first.hint,
        )
        self.failures = dict(failures)
        self.exit_code = first.exit_code


@dataclass
class _Batch:
    """What the tasks of one step share."""

    context: StepContext
    fatal: list[OtpError] = field(default_factory=list)

    def check(self) -> None:
        """Raises what nothing may go on after."""
        self.context.run.check_cancelled()
        if self.fatal:
            raise self.fatal[0]

    def ask(self, question: ClaudeStep, task: Task) -> Outcome:
        """One task, its answers kept under its own name."""
        context = self.within(question)
        try:
            self.check()
            held = task.guard is None or context.holds(task.guard)
            outcome = run_claude(question, context) if held else Outcome(status="skipped")
        except OtpError as error:
            outcome = Outcome.failed(error)
        context.forget_useless(outcome.error)
        if outcome.error is not None and is_fatal(outcome.error):
            self.fatal.append(outcome.error)
        return outcome

    def within(self, question: ClaudeStep) -> StepContext:
        """One task's view of the run."""
        path = f"{self.context.path}[{question.name}]"
        return replace(self.context, path=path, step=question)

    def kept(self, end: Outcome | OtpError, question: ClaudeStep, task: Task) -> Outcome:
        """The end of a task, written to its file: here, where a late task comes no more."""
        outcome = Outcome.failed(end) if isinstance(end, OtpError) else end
        if not task.output_to_file or outcome.status != "succeeded":
            return outcome
        try:
            self.within(question).write_output(
                task.output_to_file, data=outcome.data, text=outcome.text
            )
        except OtpError as error:
            return replace(outcome, status="failed", error=error)
        return outcome


def run_many(step: ManyStep, context: StepContext) -> Outcome:
    """Data: `{tasks: {id: {id, status, data, text, error}}, count, succeeded, failed, skipped}`.

    With `consolidate_results` also `consolidated`: the answers alone, by task.
    """
    batch, tasks, questions = _Batch(context), step.named_tasks(), step.questions()
    ended = run_parallel(
        [partial(batch.ask, questions[name], task) for name, task in tasks.items()],
        max_parallel=step.limits.max_parallel,
        timeout=step.limits.timeout_per_task,
        check=batch.check,
    )
    batch.check()
    by_name = zip(tasks, ended, strict=True)
    whole = {name: batch.kept(end, questions[name], tasks[name]) for name, end in by_name}
    return _outcome(step, whole)


def _outcome(step: ManyStep, ends: Mapping[str, Outcome]) -> Outcome:
    failures = {name: end.error for name, end in ends.items() if end.error is not None}
    failed = bool(failures) and not step.allow_failure
    data: dict[str, Any] = {
        "tasks": {name: _told(name, end) for name, end in ends.items()},
        "count": len(ends),
        **{
            status: sum(end.status == status for end in ends.values())
            for status in ("succeeded", "failed", "skipped")
        },
    }
    if step.consolidates:
        answered = {name: end for name, end in ends.items() if end.status == "succeeded"}
        data["consolidated"] = {
            name: end.text if end.data is None else end.data for name, end in answered.items()
        }
    everyone = list(ends.values())
    return Outcome(
        data=data,
        text="\n\n".join(_section(name, end) for name, end in ends.items()),
        status="failed" if failed else "succeeded",
        error=TasksFailed(step.name, failures, len(ends)) if failed else None,
        usage=sum((end.usage for end in everyone), Usage()),
        model=next((end.model for end in everyone if end.model), ""),
        prompt_hash=content_key(*(end.prompt_hash for end in everyone))[:16],
        cached=all(end.cached for end in everyone),
        notice=_notices([end.notice for end in everyone]),
    )


def _told(name: str, end: Outcome) -> dict[str, Any]:
    error = str(end.error) if end.error else ""
    return {"id": name, "status": end.status, "data": end.data, "text": end.text, "error": error}


def _section(name: str, end: Outcome) -> str:
    body = {"failed": f"failed: {end.error}", "skipped": "skipped"}.get(end.status, end.text)
    return f"## {name}\n\n{body}"


def _notices(said: Sequence[str]) -> str:
    notices = list(dict.fromkeys(filter(None, said)))
    more = len(notices) - MAX_NOTICES
    return "; ".join(notices[:MAX_NOTICES]) + (f"; and {more} more notices" if more > 0 else "")
