"""Telling of runs and jobs: workflow_run, workflow_job, and the checks that stand for them."""

from __future__ import annotations

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.checks.runs import tell_run as tell_check_run
from bot.simulator.domain.checks.suites import tell_suite
from bot.simulator.identity.caller import Caller
from bot.simulator.records.actions import Job, Run
from bot.simulator.records.checks import CheckRun
from bot.simulator.records.repositories import Repository
from bot.simulator.views.actions import job_page, job_view, run_view, workflow_view
from bot.simulator.world import World


def caller_of(world: World, run: Run) -> Caller:
    """Whoever started the latest attempt; a person or a bot, and never a token of Actions."""
    return Caller(actor=world.tables.accounts[run.latest.triggering_actor_id])


def repository_of(world: World, run: Run) -> Repository:
    return world.tables.repositories[run.repository_id]


def tell_run(world: World, run: Run, action: str) -> None:
    """`requested`, `in_progress` or `completed`."""
    tell(
        world,
        "workflow_run",
        action,
        caller_of(world, run),
        repository_of(world, run),
        workflow_run=run_view(world, run),
        workflow=workflow_view(world, world.tables.workflows[run.workflow_id]),
    )


def tell_job(world: World, job: Job, action: str) -> None:
    """`queued`, `in_progress` or `completed`."""
    run = world.tables.runs[job.run_id]
    tell(
        world,
        "workflow_job",
        action,
        caller_of(world, run),
        repository_of(world, run),
        workflow_job=job_view(world, job),
    )


def add_check(world: World, run: Run, job: Job) -> CheckRun:
    """The check run of a job, with the job's own id, as on GitHub."""
    suite = world.tables.suites[run.suite_id]
    check = CheckRun(
        id=job.id,
        repository_id=run.repository_id,
        suite_id=suite.id,
        app_id=suite.app_id,
        name=job.name,
        head_sha=run.head_sha,
        details_url=job_page(world, run, job.id),
        status=job.status,
        conclusion=job.conclusion,
        started_at=job.created_at,
        created_at=job.created_at,
    )
    world.tables.check_runs.add(check)
    tell_check_run(world, "created", caller_of(world, run), repository_of(world, run), check)
    return check


def follow_job(world: World, job: Job) -> None:
    """Brings the check run in line with its job."""
    run, check = world.tables.runs[job.run_id], world.tables.check_runs[job.check_run_id]
    was_done = check.status == "completed"
    check.status, check.conclusion = job.status, job.conclusion
    check.started_at = job.started_at or check.started_at
    check.completed_at = job.completed_at
    world.tables.check_runs.save(check)
    if job.status == "completed" and not was_done:
        tell_check_run(world, "completed", caller_of(world, run), repository_of(world, run), check)


def follow_run(world: World, run: Run) -> None:
    """Brings the check suite in line with its run; unlike others, it does not sum up by itself."""
    suite = world.tables.suites[run.suite_id]
    latest = run.latest
    suite.status, suite.conclusion = latest.status, latest.conclusion
    suite.updated_at = world.clock.now()
    world.tables.suites.save(suite)
    if latest.status == "completed":
        tell_suite(world, "completed", caller_of(world, run), repository_of(world, run), suite)
