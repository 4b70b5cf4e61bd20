"""The mix step: one task of the allow-list, in the work tree."""

from __future__ import annotations

from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.work_steps import MixStep
from bot.pipeline.steps.command import command_outcome

DEFAULT_TIMEOUT = 900.0


def run_mix(step: MixStep, context: StepContext) -> Outcome:
    """Data: `CommandResult`. Fails on a non-zero exit code unless `allow_failure`."""
    mix = context.need(context.run.services.mix, "mix", step)
    args = tuple(context.render(argument) for argument in step.args)
    result = mix.run(
        context.render(step.task), args, timeout=context.timeout(step, DEFAULT_TIMEOUT)
    )
    return command_outcome(result, allow_failure=step.allow_failure)
