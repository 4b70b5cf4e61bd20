"""Runs workflows: one step after the other, every end recorded, no failure mistaken for success."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, OtpError, Refused, Unusable
from bot.llm.types import Model, OnText, Usage, unheard
from bot.pipeline.budget import Budget, BudgetSpent, Cancelled
from bot.pipeline.calls import Calls, Recorder
from bot.pipeline.checkpoints import Checkpoints
from bot.pipeline.context import Handler, Outcome, RunState, StepContext
from bot.pipeline.expr import ExpressionError, evaluate
from bot.pipeline.inputs import bound_inputs
from bot.pipeline.load import Library
from bot.pipeline.results import RunResult, StepEvent, StepResult, StepStatus
from bot.pipeline.scope import Scope
from bot.pipeline.services import Services
from bot.pipeline.sessions import Sessions
from bot.pipeline.spec import Step, Workflow
from bot.pipeline.trace import Trace

MAX_DEPTH = 10
"""Pipelines within pipelines."""

_ALWAYS_FATAL = (Cancelled, BudgetSpent, ConfigError, ExpressionError)
"""A wrong file, a spent budget or a stopped run is not what `continue_on_error` is for."""


class StepFailed(OtpError):
    """A step failed; carries its path, and the exit code of its cause."""

    def __init__(self, path: str, cause: OtpError) -> None:
        super().__init__(cause.message, hint=cause.hint)
        self.path = path
        self.cause = cause
        self.exit_code = cause.exit_code


class Engine:
    """Carries out workflows with one handler per step type."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        models: Mapping[str, Model],
        *,
        library: Library | None = None,
        services: Services | None = None,
        trace: Trace | None = None,
        checkpoints: Checkpoints | None = None,
        recorder: Recorder | None = None,
        sessions: Sessions | None = None,
        output_dir: Path | None = None,
        on_text: OnText = unheard,
        observer: Callable[[StepEvent], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handlers = dict(handlers)
        self._models = dict(models)
        self._library = library
        self._services = services or Services()
        self._trace = trace or Trace(None)
        self._checkpoints = checkpoints
        self._recorder = recorder
        self._sessions = sessions if sessions is not None else Sessions()
        self._output_dir = output_dir
        self._on_text = on_text
        self._observer = observer if observer is not None else lambda event: None
        self._cancelled = cancelled if cancelled is not None else lambda: False
        self._sleep = sleep
        self._clock = clock

    def run(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Any],
        *,
        budget: Budget | None = None,
        given: Mapping[str, StepResult] | None = None,
    ) -> RunResult:
        """Run a workflow from the top.

        `given` are results of steps the file refers to but does not contain. Raises `Unusable`
        for missing or wrong inputs; every other expected error is in the result.
        """
        budget = budget or Budget()
        state = RunState(
            services=self._services,
            models=self._models,
            budget=budget,
            library=self._library,
            calls=Calls(budget, self._checkpoints, self._recorder, self._on_text),
            sessions=self._sessions,
            output_dir=self._output_dir,
            cancelled=self._cancelled,
            observer=self._observer,
        )
        result = self.run_workflow(
            workflow, inputs, state, path=workflow.name, depth=0, given=given
        )
        if result.status == "succeeded" and self._checkpoints is not None:
            self._checkpoints.clear()
        return result

    def run_workflow(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Any],
        state: RunState,
        *,
        path: str,
        depth: int,
        given: Mapping[str, StepResult] | None = None,
    ) -> RunResult:
        """Run a workflow inside a run; nested pipelines share `state`."""
        if depth > MAX_DEPTH:
            raise Refused(f"{path}: pipelines are nested more than {MAX_DEPTH} deep")
        vendors = tuple(name for name in self._models if name != "offline")
        scope = Scope(
            bound_inputs(workflow, inputs), workflow={"name": workflow.name}, models=vendors
        )
        for result in (given or {}).values():
            scope.record(result)
        context = StepContext(self, state, workflow, scope, path, depth)
        try:
            self.run_steps(workflow.steps, context)
            outputs = {
                name: evaluate(source, scope.flat()) for name, source in workflow.outputs.items()
            }
        except StepFailed as failure:
            return RunResult("failed", scope.own_steps(), {}, failure.cause, failure.path)
        except ExpressionError as error:
            return RunResult("failed", scope.own_steps(), {}, error, f"{path}/outputs")
        return RunResult("succeeded", scope.own_steps(), outputs)

    def run_steps(self, steps: tuple[Step, ...], context: StepContext) -> None:
        """Run steps in order; raises `StepFailed` at the first one that stops the pipeline."""
        for step in steps:
            inner = replace(context, path=f"{context.path}/{step.name}")
            result = self._run_step(step, inner)
            if result.status != "failed":
                continue
            error = result.error or Unusable(f"step {step.name!r} failed")
            if isinstance(error, _ALWAYS_FATAL) or not step.continue_on_error:
                deeper = error.path if isinstance(error, StepFailed) else inner.path
                cause = error.cause if isinstance(error, StepFailed) else error
                raise StepFailed(deeper, cause)

    @staticmethod
    def is_fatal(error: OtpError | None) -> bool:
        """Whether nothing may go on after this error, whatever the pipeline says."""
        return _is_fatal(error)

    @staticmethod
    def failure(result: RunResult) -> OtpError:
        """The error of a failed nested run, with the path of the step in it that failed."""
        return StepFailed(result.failed_step, result.error or Unusable("the pipeline failed"))

    def _run_step(self, step: Step, context: StepContext) -> StepResult:
        started = self._clock()
        context.run.observer(StepEvent("started", context.path, step.name, step.type))
        status: StepStatus
        try:
            context.run.check_cancelled()
            context.run.budget.begin_step()
            if step.guard is not None and not context.holds(step.guard):
                self.run_steps(step.otherwise, context)
                outcome, status = Outcome(), "skipped"
            else:
                outcome = self._attempt(step, context)
                status = outcome.status
        except OtpError as error:
            outcome, status = Outcome(status="failed", error=error), "failed"
        result = StepResult(
            name=step.name,
            type=step.type,
            status=status,
            seconds=self._clock() - started,
            **{field: getattr(outcome, field) for field in _COPIED},
        )
        self._finish(result, context)
        return result

    def _attempt(self, step: Step, context: StepContext) -> Outcome:
        attempts = step.retry.attempts if step.retry else 1
        usage = Usage()
        handler = self._handlers.get(step.type)
        if handler is None:
            raise Refused(f"step {step.name!r}: this engine has no handler for type {step.type!r}")
        for left in range(attempts - 1, -1, -1):
            try:
                outcome = handler(step, context)
            except _ALWAYS_FATAL:
                raise
            except OtpError as error:
                outcome = Outcome(status="failed", error=error)
            usage = usage + outcome.usage
            if outcome.status == "succeeded" or left == 0 or _is_fatal(outcome.error):
                return replace(outcome, usage=usage)
            if step.retry and step.retry.delay_seconds:
                self._sleep(step.retry.delay_seconds)
            context.run.check_cancelled()
        raise AssertionError("unreachable: attempts is at least 1")

    def _finish(self, result: StepResult, context: StepContext) -> None:
        context.scope.record(result)
        self._trace.record(context.path, result)
        if result.notice:
            notice = StepEvent(
                "notice", context.path, result.name, result.type, result.notice, result
            )
            context.run.observer(notice)
        context.run.observer(
            StepEvent("finished", context.path, result.name, result.type, "", result)
        )


_COPIED = ("data", "text", "error", "usage", "model", "prompt_hash", "cached", "notice")


def _is_fatal(error: OtpError | None) -> bool:
    cause = error.cause if isinstance(error, StepFailed) else error
    return isinstance(cause, _ALWAYS_FATAL)
