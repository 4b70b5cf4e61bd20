"""Carries a job out: set-up, its steps, what they left for the end, its result."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable
from dataclasses import replace

from bot.simulator.actions.builtin.registry import BUILTINS
from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.expressions.template import render
from bot.simulator.actions.host import Conclusion, Host, JobView
from bot.simulator.actions.runner.frame import Frame, Level, StepFailed, status_functions
from bot.simulator.actions.runner.job import JobRun, Post
from bot.simulator.actions.runner.order import JobOrder
from bot.simulator.actions.runner.request import RunRequest, Settings
from bot.simulator.actions.runner.step import display_name, run_step
from bot.simulator.actions.runner.uses import carry_out, find

MAX_OUTPUT = 2**20
"""GitHub's limit on the outputs of a job, in UTF-16 code units or about that."""


async def execute_job(
    order: JobOrder,
    request: RunRequest,
    host: Host,
    settings: Settings,
    began: Callable[[JobRun], None],
) -> JobView:
    """The completed job. Cancelling this task kills what runs and completes the job as cancelled;
    `began` gets the job, whose `cancel` is gentler."""
    job = JobRun(order, request, host, settings)
    began(job)
    loop = asyncio.get_running_loop()
    timer = loop.call_later(order.timeout_minutes * settings.delays.minute, _run_out, job)
    frame: Frame | None = None
    try:
        job.show()
        frame = await _set_up(job)
        if frame is not None:
            await _run_steps(job, frame)
            await _run_posts(job)
    except asyncio.CancelledError:
        job.status.stopped = True
        raise
    except Exception:
        # A fault of the simulator's own: the run says so, and no job of it counts as a success.
        job.lost = True
        raise
    finally:
        timer.cancel()
        await _to_its_end(asyncio.create_task(_complete(job, frame)))
    return job.view


async def _to_its_end(task: asyncio.Task[None]) -> None:
    """However often one is asked to stop waiting for it."""
    asked: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            asked = error
    task.result()
    if asked is not None:
        raise asked


def _run_out(job: JobRun) -> None:
    minutes = job.order.timeout_minutes
    job.fail(
        f"The job has exceeded the maximum execution time of {minutes:g} minutes."
        if job.log.step
        else "The job was not started in time."
    )
    job.cancel()


async def _set_up(job: JobRun) -> Frame | None:
    """None when the job cannot begin."""
    number = job.open_step("Set up job")
    try:
        frame = await job.begin()
        _introduce(job)
        await _prepare_actions(job)
    except (StepFailed, OSError) as error:
        job.fail(str(error))
        job.status.failed = True
        job.close_step(number, "failure")
        return None
    job.say(f"Complete job name: {job.order.name}")
    job.close_step(number, "success")
    return frame


def _introduce(job: JobRun) -> None:
    job.say(f"Runner name: '{job.settings.runner_name}'")
    job.log.group("Operating System", [platform.system(), platform.release()])
    granted = {k: v for k, v in job.order.permissions.items() if v != "none"}
    names = [f"{_spaced(scope)}: {level}" for scope, level in sorted(granted.items())]
    job.log.group("GITHUB_TOKEN Permissions", names)
    job.say("Secret source: Actions")
    job.say("Prepare workflow directory")


def _spaced(scope: str) -> str:
    return "".join(word.capitalize() for word in scope.split("-"))


async def _prepare_actions(job: JobRun) -> None:
    """Actions of other repositories are looked up before any step runs, as on GitHub."""
    job.say("Prepare all required actions")
    for step in job.order.job.steps:
        uses = step.uses or ""
        name = uses.partition("@")[0].lower()
        if not uses or uses.startswith(("./", "docker://")):
            continue
        if name in BUILTINS:
            job.say(f"Built-in stand-in for action '{uses}'")
            continue
        found = await find(job, uses)
        job.say(f"Download action repository '{uses}' (SHA:{found.commit})")


async def _run_steps(job: JobRun, frame: Frame) -> None:
    scope = frame.scope(job.env, job.hash_files, {})
    for step in job.order.job.steps:
        name = display_name(step, scope)
        number = job.open_step(name)
        conclusion = await run_step(job, frame, step, carry_out)
        job.close_step(number, conclusion)
        scope = frame.scope(job.env, job.hash_files, {})
    job.outputs.update(_outputs(job, scope))


def _outputs(job: JobRun, scope: Scope) -> dict[str, str]:
    """An output that holds a secret is left out, as GitHub does."""
    outputs: dict[str, str] = {}
    for name, value in job.order.job.outputs.items():
        try:
            text = render(value, scope)
        except ExpressionError as error:
            job.fail(f"The template is not valid. {error}")
            job.status.failed = True
            continue
        if job.masker.mask(text) != text:
            job.warn(f"Skip output '{name}' since it may contain secret.")
        elif sum(map(len, outputs.values())) + len(text) > MAX_OUTPUT:
            job.fail(f"Output '{name}' is left out: the outputs of a job may have 1 MiB")
        else:
            outputs[name] = text
    return outputs


async def _run_posts(job: JobRun) -> None:
    for post in reversed(job.posts):
        if post.only_on_success and (job.status.failed or job.status.cancelled):
            job.skip_step(post.name)
            continue
        number = job.open_step(post.name)
        job.close_step(number, await _run_post(job, post))


async def _run_post(job: JobRun, post: Post) -> Conclusion:
    job.levels.append(Level("always()", Scope({}, status_functions(job.status))))
    try:
        await post.act()
    except (StepFailed, OSError, ValueError) as error:
        job.fail(str(error))
        job.status.failed = True
        return "failure"
    finally:
        job.levels.pop()
    return "success"


async def _complete(job: JobRun, frame: Frame | None) -> None:
    """Also when the job was stopped in the middle of a step."""
    now = job.settings.now()
    steps = tuple(
        replace(s, status="completed", conclusion="cancelled", completed_at=now)
        if s.status != "completed"
        else s
        for s in job.view.steps
    )
    job.view = replace(job.view, steps=steps)
    number = job.open_step("Complete job")
    job.say("Cleaning up")
    await job.end()
    job.close_step(number, "success")
    conclusion = _conclusion(job)
    job.show(
        status="completed",
        conclusion=conclusion,
        completed_at=job.settings.now(),
        outputs=job.outputs,
        succeeded=conclusion == "success"
        or (conclusion == "failure" and job.order.continue_on_error),
    )


def _conclusion(job: JobRun) -> Conclusion:
    if job.lost:
        return "failure"
    if job.status.cancelled:
        return "cancelled"
    return "failure" if job.status.failed else "success"
