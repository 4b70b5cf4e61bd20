"""What becomes of runs that were going on when the simulator stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.simulator.actions.service.announcing import follow_job, tell_job
from bot.simulator.actions.service.records import complete
from bot.simulator.records.actions import Job, Run
from bot.simulator.records.checks import Annotation

if TYPE_CHECKING:
    from bot.simulator.world import World


def end_interrupted(world: World, reason: str) -> None:
    """Ends them as cancelled, their jobs with an annotation that says why."""
    unfinished = [run for run in world.tables.runs if run.latest.status != "completed"]
    for run in unfinished:
        for job in world.tables.jobs.where("run", run.id):
            if job.status != "completed":
                _end(world, job, reason)
        complete(world, run, "cancelled", reason)


def _end(world: World, job: Job, reason: str) -> None:
    now = world.clock.now()
    for step in job.steps:
        if step.status != "completed":
            step.status, step.conclusion, step.completed_at = "completed", "cancelled", now
    job.status, job.conclusion, job.completed_at = "completed", "cancelled", now
    world.tables.jobs.save(job)
    _say(world, job, reason)
    follow_job(world, job)
    tell_job(world, job, "completed")


def explain(world: World, run: Run, reason: str) -> None:
    """Says at the jobs that were cancelled in the latest attempt why they were."""
    for job in world.tables.jobs.where("attempt", (run.id, run.latest.number)):
        if job.conclusion == "cancelled":
            _say(world, job, reason)


def _say(world: World, job: Job, reason: str) -> None:
    check = world.tables.check_runs[job.check_run_id]
    note = Annotation(
        path=".github", start_line=1, end_line=1, annotation_level="failure", message=reason
    )
    check.annotations = [*check.annotations, note]
    world.tables.check_runs.save(check)
