"""A composite action: steps of its own in the job of the step that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.template import render
from bot.simulator.actions.runner.frame import Frame, Status, StepFailed
from bot.simulator.actions.runner.step import Act, Running, display_name, run_step
from bot.simulator.actions.workflow.model import Action


async def run_composite(
    running: Running,
    action: Action,
    inputs: Mapping[str, str],
    folder: Path,
    origin: tuple[str, str],
    act: Act,
) -> None:
    """Raises StepFailed when one of its steps failed."""
    frame = _frame(running, inputs, folder, origin)
    for step in action.steps:
        if await run_step(running.job, frame, step, act) == "cancelled":
            running.job.levels[-1].stop.set()
        if running.job.levels[-1].timed_out:
            break
    try:
        scope = frame.scope(running.job.env, running.job.hash_files, {})
        for name, value in action.outputs.items():
            running.outputs[name] = render(value, scope)
    except ExpressionError as error:
        raise StepFailed(f"The template is not valid. {error}") from error
    if frame.status.failed:
        name = display_name(running.step, running.scope)
        raise StepFailed(f"A step of the composite action failed: {name}")


def _frame(
    running: Running, inputs: Mapping[str, str], folder: Path, origin: tuple[str, str]
) -> Frame:
    """Inputs instead of the workflow's; no secrets, no vars, no needs."""
    hidden = ("secrets", "vars", "needs", "env", "steps", "job")
    contexts = {k: v for k, v in running.scope.contexts.items() if k not in hidden}
    repository, ref = origin
    github = {"action_path": str(folder), "action_repository": repository, "action_ref": ref}
    return Frame(
        {**contexts, "inputs": dict(inputs)},
        Status(outer=running.job.status),
        env={**running.frame.env, **running.env},
        depth=running.frame.depth + 1,
        github=github,
    )
