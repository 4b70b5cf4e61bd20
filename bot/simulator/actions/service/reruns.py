"""Running again: all jobs, the failed ones, or one, each with what depends on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.simulator.actions.host import JobView
from bot.simulator.actions.service.engine import Engine
from bot.simulator.actions.service.records import approve as approve_record
from bot.simulator.actions.service.records import new_attempt
from bot.simulator.actions.service.requesting import kept_view
from bot.simulator.actions.workflow import model
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.records.actions import Job, Run
from bot.simulator.world import World

MOST_ATTEMPTS = 51
"""GitHub allows 50 re-runs."""
OLDEST = timedelta(days=30)
TOP = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""The id of the job in the first workflow, at the beginning of a job's key."""


async def rerun(
    engine: Engine,
    caller: Caller,
    run: Run,
    again: Iterable[Job] | None,
    *,
    debug: bool = False,
) -> None:
    """A further attempt. `again`: the jobs to run, with what needs them; None for all.

    Raises:
        ApiError: 403 for a run that goes on, is too old or has been run too often.
    """
    _check_rerunnable(engine.world, run)
    assert caller.actor is not None
    kept: Mapping[str, JobView] = {}
    if again is not None:
        kept = await _kept(engine, run, {job.key for job in again})
    _check_rerunnable(engine.world, run)
    new_attempt(engine.world, run, caller.actor)
    engine.launch(run, kept, debug=debug)


def latest_jobs(world: World, run: Run) -> list[Job]:
    """Of each job the last attempt in which it ran."""
    rows = sorted(world.tables.jobs.where("run", run.id), key=lambda job: (job.attempt, job.id))
    return list({row.key: row for row in rows}.values())


def failed_jobs(world: World, run: Run) -> list[Job]:
    return [j for j in latest_jobs(world, run) if j.conclusion in ("failure", "cancelled")]


def approve(engine: Engine, run: Run) -> None:
    """Lets a run begin that waits. Raises ApiError, 403."""
    if run.latest.conclusion != "action_required":
        raise ApiError(403, "This workflow run is not waiting for approval.")
    approve_record(engine.world, run)
    engine.launch(run)


def _check_rerunnable(world: World, run: Run) -> None:
    if run.latest.status != "completed":
        raise ApiError(403, "This workflow is already running")
    if run.latest.conclusion == "action_required":
        raise ApiError(403, "This workflow run is waiting for approval.")
    if world.clock.now() - run.created_at > OLDEST:
        message = "Unable to retry this workflow run because it was created over a month ago"
        raise ApiError(403, message)
    if run.latest.number >= MOST_ATTEMPTS:
        raise ApiError(403, "This workflow run cannot be re-run more than 50 times.")


async def _kept(engine: Engine, run: Run, again: set[str]) -> dict[str, JobView]:
    """The jobs that do not run again: succeeded, and nothing they need runs again."""
    world = engine.world
    path = world.tables.workflows[run.workflow_id].path
    repository = world.tables.repositories[run.repository_id]
    loaded = await engine.files.one(repository, run.sha or run.head_sha, path)
    if not isinstance(loaded, model.Workflow):
        return {}
    stale = _with_dependents(loaded, {_top(key) for key in again})
    direct = {_top(key) for key in again}
    return {
        job.key: kept_view(job)
        for job in latest_jobs(world, run)
        if job.succeeded and job.key not in again and _is_kept(loaded, job.key, stale, direct)
    }


def _is_kept(workflow: model.Workflow, key: str, stale: set[str], direct: set[str]) -> bool:
    """Other jobs of a matrix stay when one runs again; those of a called workflow run anew."""
    top = _top(key)
    if top not in stale:
        return True
    job = workflow.jobs.get(top)
    needs_stale = job is None or bool(stale.intersection(job.needs))
    return top in direct and not needs_stale and job is not None and not job.uses


def _with_dependents(workflow: model.Workflow, jobs: set[str]) -> set[str]:
    stale = set(jobs)
    while more := {
        job.id
        for job in workflow.jobs.values()
        if job.id not in stale and stale.intersection(job.needs)
    }:
        stale |= more
    return stale


def _top(key: str) -> str:
    found = TOP.match(key)
    return found.group() if found else key
