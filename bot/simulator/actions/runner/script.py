"""A `run` step: the script in a file, a shell as its process."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from bot.simulator.actions.expressions.template import render
from bot.simulator.actions.runner.channel import Channel
from bot.simulator.actions.runner.frame import StepFailed
from bot.simulator.actions.runner.inside import write_file
from bot.simulator.actions.runner.process import Command, Ended
from bot.simulator.actions.runner.shells import ShellError, argv_of, template_of
from bot.simulator.actions.runner.step import Running

CYAN, PLAIN = "\x1b[36;1m", "\x1b[0m"


async def run_script(running: Running) -> None:
    """Raises StepFailed when the process does not end with 0."""
    job, step, frame = running.job, running.step, running.frame
    script = render(step.run or "", running.scope)
    shell = render(step.shell or frame.defaults.shell, running.scope)
    folder = job.folders.workspace / render(
        step.working_directory or frame.defaults.working_directory, running.scope
    )
    channel = Channel(job, job.folders.commands, uuid.uuid4().hex)
    env = step_variables(running, channel)
    try:
        template, ending = template_of(shell)
        file = job.folders.temp / f"{uuid.uuid4()}{ending}"
        argv = argv_of(template, str(file), env["PATH"])
    except ShellError as error:
        raise StepFailed(str(error)) from error
    write_file(job.folders.temp, file, f"{script}\n".encode(errors="replace"))
    _head(running, script, " ".join(argv).replace(str(file), "{0}"))
    if not folder.is_dir():
        raise StepFailed(f"No such working directory: {folder}")
    try:
        ended = await job.run_process(Command(argv, env, folder), channel.hear)
    finally:
        running.outputs.update(channel.outputs)
    channel.close()
    running.outputs.update(channel.outputs)
    judge(ended)


def step_variables(running: Running, channel: Channel) -> dict[str, str]:
    """The environment of the step's process, with the files it may write to."""
    github = {
        **running.scope.contexts["github"],
        "action": running.step.id,
        **{key: str(file) for key, file in channel.files.items()},
    }
    job, frame = running.job, running.frame
    return job.variables(github, {**job.env, **frame.env, **running.env})


def judge(ended: Ended) -> None:
    if ended.limit:
        raise StepFailed(f"The step was killed: {ended.limit}.")
    if ended.code != 0:
        code = 128 - ended.code if ended.code < 0 else ended.code
        raise StepFailed(f"Process completed with exit code {code}.")


def _head(running: Running, script: str, shell: str) -> None:
    first = script.strip().split("\n", 1)[0]
    lines = [f"{CYAN}{line}{PLAIN}" for line in script.rstrip("\n").split("\n")]
    shown = {**running.job.env, **running.frame.env, **running.env}
    running.job.log.group(f"Run {first}", [*lines, f"shell: {shell}", *env_lines(shown)])


def env_lines(env: Mapping[str, str]) -> list[str]:
    return ["env:", *(f"  {name}: {value}" for name, value in env.items())] if env else []
