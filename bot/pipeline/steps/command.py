"""The command step: one allow-listed program, one argument per list item."""

from __future__ import annotations

import json

from bot.errors import CommandFailed, Refused
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.language.work_steps import CommandStep
from bot.pipeline.services import CommandResult

DEFAULT_TIMEOUT = 300.0


def run_command(step: CommandStep, context: StepContext) -> Outcome:
    """Data: `CommandResult`. Fails on a non-zero exit code unless `allow_failure`."""
    runner = context.need(context.run.services.commands, "commands", step)
    argv = tuple(context.render(argument) for argument in step.command)
    if argv[0] not in runner.allowed:
        allowed = ", ".join(sorted(runner.allowed)) or "none"
        raise Refused(f"step {step.name!r}: {argv[0]!r} may not be run", hint=f"allowed: {allowed}")
    if any("\0" in argument for argument in argv):
        raise Refused(f"step {step.name!r}: an argument holds a NUL character")
    result = runner.run(argv, timeout=context.timeout(step, DEFAULT_TIMEOUT))
    return command_outcome(result, allow_failure=step.allow_failure)


def command_outcome(result: CommandResult, *, allow_failure: bool) -> Outcome:
    """The end of a program as the end of a step."""
    data = result.model_dump(mode="json")
    failed = not result.passed and not allow_failure
    tail = "killed at its deadline\n" * result.timed_out + result.stdout + result.stderr
    return Outcome(
        data=data,
        text=json.dumps(data, ensure_ascii=False, indent=2),
        status="failed" if failed else "succeeded",
        error=CommandFailed(result.argv, result.exit_code, tail) if failed else None,
    )
