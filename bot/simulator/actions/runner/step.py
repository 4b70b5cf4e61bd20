"""One step: its condition, its time, its result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.expressions.template import compute, compute_tree, condition_holds
from bot.simulator.actions.expressions.values import is_true, to_number, to_text
from bot.simulator.actions.host import Conclusion
from bot.simulator.actions.runner.frame import Frame, Level, StepFailed
from bot.simulator.actions.runner.job import JobRun
from bot.simulator.actions.workflow.model import Step


@dataclass
class Running:
    """A step whose condition held, handed to what carries it out."""

    job: JobRun
    frame: Frame
    step: Step
    scope: Scope
    env: dict[str, str]
    """What the step itself sets."""
    outputs: dict[str, str] = field(default_factory=dict)


Act = Callable[[Running], Awaitable[None]]


def step_scope(job: JobRun, frame: Frame, step: Step) -> tuple[Scope, dict[str, str]]:
    """The step's `env` is part of what its other keys see, also its condition."""
    outer = frame.scope(job.env, job.hash_files, {})
    own = compute_tree(step.env, outer)
    if not isinstance(own, dict):
        raise ExpressionError("`env` is not a mapping")
    env = {name: to_text(value) for name, value in own.items()}
    inner = Frame(**{**vars(frame), "env": {**frame.env, **env}})
    return inner.scope(job.env, job.hash_files, {}), env


async def run_step(job: JobRun, frame: Frame, step: Step, act: Act) -> Conclusion:
    """Carries the step out, or not, and notes its result in the frame."""
    outputs: dict[str, str] = {}
    try:
        scope, env = step_scope(job, frame, step)
        level = Level(step.condition, scope)
        if not condition_holds(step.condition, scope):
            return _note(frame, step, "skipped", "skipped", outputs)
        running = Running(job, frame, step, scope, env, outputs)
        outcome = await _within_time(running, level, act)
        forgiven = is_true(_computed(step.continue_on_error, scope))
    except ExpressionError as error:
        job.fail(f"The template is not valid. {error}")
        outcome, forgiven = "failure", False
    conclusion: Conclusion = "success" if outcome == "failure" and forgiven else outcome
    return _note(frame, step, outcome, conclusion, outputs)


async def _within_time(running: Running, level: Level, act: Act) -> Conclusion:
    job = running.job
    timer = _start_timer(running, level)
    job.levels.append(level)
    try:
        await act(running)
        outcome: Conclusion = "success"
    except ExpressionError:
        raise
    except (StepFailed, OSError, ValueError) as error:
        # ValueError: NUL in a path, a file name that is no UTF-8.
        outcome = "failure"
        if not level.timed_out and not (level.stop.is_set() and job.status.cancelled):
            job.fail(str(error))
    finally:
        job.levels.pop()
        if timer is not None:
            timer.cancel()
    return _outcome(running, level, outcome)


def _outcome(running: Running, level: Level, outcome: Conclusion) -> Conclusion:
    job = running.job
    if level.timed_out:
        minutes = to_text(_computed(running.step.timeout_minutes, running.scope))
        name = display_name(running.step, running.scope)
        job.fail(f"The action '{name}' has timed out after {minutes} minutes.")
        return "failure"
    if level.stop.is_set() and job.status.cancelled:
        job.fail("The operation was canceled.")
        return "cancelled"
    return outcome


def _start_timer(running: Running, level: Level) -> asyncio.TimerHandle | None:
    minutes = to_number(_computed(running.step.timeout_minutes, running.scope))
    if not 0 < minutes < 1e6:
        return None
    loop, job = asyncio.get_running_loop(), running.job
    return loop.call_later(minutes * job.settings.delays.minute, job.time_out, level)


def _computed(value: Any, scope: Scope) -> Any:
    return compute(value, scope) if isinstance(value, str) else value


def _note(
    frame: Frame, step: Step, outcome: Conclusion, conclusion: Conclusion, outputs: dict[str, str]
) -> Conclusion:
    if not step.id.startswith("__"):
        frame.steps[step.id] = {
            **{"outputs": dict(outputs), "outcome": outcome, "conclusion": conclusion}
        }
    if conclusion == "failure":
        frame.status.failed = True
    return conclusion


def display_name(step: Step, scope: Scope | None) -> str:
    """As GitHub shows it: the name, else `Run` and the action or the script's first line."""
    written = step.name or f"Run {_first_line(step)}"
    if scope is None:
        return written
    try:
        return to_text(compute(written, scope))
    except ExpressionError:
        return written


def _first_line(step: Step) -> str:
    text = step.uses or (step.run or "").strip()
    return text.split("\n", 1)[0]
