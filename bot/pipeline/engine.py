"""Runs workflows: one step after the other, every end recorded, no failure mistaken for success."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.errors import OtpError, Refused, Unusable
from bot.llm.types import Model, OnText, Usage, unheard
from bot.pipeline.alarm import CostAlarm
from bot.pipeline.budget import Budget
from bot.pipeline.context import Handler, Outcome, RunState, StepContext
from bot.pipeline.expressions.expr import ExpressionError, evaluate
from bot.pipeline.failures import ALWAYS_FATAL, LoopJump, StepFailed, is_fatal
from bot.pipeline.language.spec import Step, Workflow
from bot.pipeline.load import Library
from bot.pipeline.opening import opening_scope
from bot.pipeline.record.calls import Answers, Calls
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.points import Point, prefix_keys
from bot.pipeline.results import RunResult, StepEvent, StepResult, StepStatus
from bot.pipeline.scope import Scope
from bot.pipeline.services import Services


class Engine:
    """Carries out workflows with one handler per step type."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        models: Mapping[str, Model],
        *,
        library: Library | None = None,
        services: Services | None = None,
        keeping: Keeping | None = None,
        answers: Answers | None = None,
        on_text: OnText = unheard,
        observer: Callable[[StepEvent], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answers` are recorded replies that stand in for the models, for a replay."""
        self._handlers = dict(handlers)
        self._models = dict(models)
        self._library = library
        self._services = services or Services()
        self._keeping = keeping or Keeping()
        self._answers = answers
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
        resume: Point | None = None,
    ) -> RunResult:
        """Run a workflow from the top, or from right after a checkpoint step.

        `given` are results of steps the file refers to but does not contain. Raises `Unusable`
        for missing or wrong inputs; every other expected error is in the result.
        """
        limits = workflow.resource_limits.limits()
        state = self._state(workflow, inputs, (budget or Budget()).part(limits))
        result = self.run_workflow(
            workflow, inputs, state, path=workflow.name, depth=0, given=given, resume=resume
        )
        if result.status == "succeeded":
            for kept in (self._keeping.checkpoints, self._keeping.points):
                if kept is not None:
                    kept.clear()
        return result

    def _state(self, workflow: Workflow, inputs: Mapping[str, Any], budget: Budget) -> RunState:
        keeping = self._keeping
        if not workflow.checkpoint_enabled:
            keeping = replace(keeping, checkpoints=None, points=None)
        keys = prefix_keys(workflow.steps, inputs) if keeping.points is not None else ()
        return RunState(
            services=self._services,
            models=self._models,
            budget=budget,
            library=self._library,
            calls=Calls(
                budget, keeping.checkpoints, keeping.recorder, self._answers, self._on_text
            ),
            keeping=keeping,
            keys={step.name: key for step, key in zip(workflow.steps, keys, strict=False)},
            cancelled=self._cancelled,
            observer=self._observer,
            alarm=CostAlarm(workflow.environment.cost_alerts),
        )

    def run_workflow(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Any],
        state: RunState,
        *,
        path: str,
        depth: int,
        given: Mapping[str, StepResult] | None = None,
        resume: Point | None = None,
    ) -> RunResult:
        """Run a workflow inside a run; nested pipelines share `state`."""
        if depth > state.depth_limit:
            raise Refused(f"{path}: pipelines are nested more than {state.depth_limit} deep")
        try:
            scope = opening_scope(workflow, inputs, state)
        except ExpressionError as error:
            return RunResult("failed", {}, {}, error, f"{path}/variables")
        for result in (given or {}).values():
            scope.record(result)
        context = StepContext(self, state, workflow, scope, path, depth)
        if resume is not None:
            state.sessions.take_up(resume.sessions)
        try:
            self.run_steps(_left(workflow, scope, resume), context)
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
            inner = replace(context, path=f"{context.path}/{step.name}", step=step)
            result = self._run_step(step, inner)
            if result.status != "failed":
                continue
            error = result.error or Unusable(f"step {step.name!r} failed")
            if is_fatal(error) or not step.goes_on(context.workflow.defaults):
                deeper = error.path if isinstance(error, StepFailed) else inner.path
                cause = error.cause if isinstance(error, StepFailed) else error
                raise StepFailed(deeper, cause)

    def _run_step(self, step: Step, context: StepContext) -> StepResult:
        started = self._clock()
        context.run.observer(StepEvent("started", context.path, step.name, step.type))
        taken, jump = True, None
        try:
            context.run.check_cancelled()
            context.run.budget.begin_step()
            taken = step.guard is None or context.holds(step.guard)
            outcome = self._attempt(step, context) if taken else self._otherwise(step, context)
        except LoopJump as raised:
            outcome, jump = Outcome(), raised
        except OtpError as error:
            outcome = Outcome.failed(error)
        skipped = not taken and outcome.status == "succeeded"
        status: StepStatus = "skipped" if skipped else outcome.status
        result = StepResult(
            name=step.name,
            type=step.type,
            status=status,
            seconds=self._clock() - started,
            **{field: getattr(outcome, field) for field in _COPIED},
        )
        context.forget_useless(result.error)
        self._finish(result, context)
        if jump is not None:
            raise jump
        return result

    def _otherwise(self, step: Step, context: StepContext) -> Outcome:
        for _, block in step.branches():
            self.skip(block, context)
        self.run_steps(step.otherwise, context)
        return Outcome()

    def skip(self, steps: tuple[Step, ...], context: StepContext) -> None:
        """Later steps may ask about the steps of a branch that was not taken."""
        for step in steps:
            context.scope.record(StepResult(step.name, step.type, "skipped"))
            for _, block in (*step.branches(), ("else", step.otherwise)):
                self.skip(block, context)

    def pause(self, seconds: float) -> None:
        """Wait, the way this engine was told to."""
        self._sleep(seconds)

    def _attempt(self, step: Step, context: StepContext) -> Outcome:
        self.skip(step.otherwise, context)
        retry = step.tries(context.workflow.defaults)
        usage = Usage()
        handler = self._handlers.get(step.type)
        if handler is None:
            raise Refused(f"step {step.name!r}: this engine has no handler for type {step.type!r}")
        for left in range(retry.attempts - 1, -1, -1):
            try:
                outcome = context.completed(handler(step, context))
            except ALWAYS_FATAL:
                raise
            except OtpError as error:
                outcome = Outcome.failed(error)
            usage = usage + outcome.usage
            if outcome.status != "failed" or left == 0 or is_fatal(outcome.error):
                return replace(outcome, usage=usage)
            if pause := retry.pause(retry.attempts - left):
                self.pause(pause)
            context.run.check_cancelled()
        raise AssertionError("unreachable: attempts is at least 1")

    def _finish(self, result: StepResult, context: StepContext) -> None:
        if said := context.run.alarm.rings(context.run.calls.budget.usage):
            result = replace(result, notice="; ".join(filter(None, (result.notice, said))))
        context.scope.record(result)
        self._keeping.trace.record(context.path, result)
        event = StepEvent("finished", context.path, result.name, result.type, "", result)
        if result.notice:
            context.run.observer(replace(event, kind="notice", message=result.notice))
        context.run.observer(event)


def _left(workflow: Workflow, scope: Scope, resume: Point | None) -> tuple[Step, ...]:
    """The steps still to run; what a resumed run knows already is put into the scope."""
    if resume is None:
        return workflow.steps
    scope.set_variables(resume.variables)
    for result in resume.results:
        scope.record(result)
    names = [step.name for step in workflow.steps]
    return workflow.steps[names.index(resume.step) + 1 :]


_COPIED = ("data", "text", "error", "usage", "model", "prompt_hash", "cached", "notice")
