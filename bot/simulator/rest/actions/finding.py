"""The workflows, runs, jobs and artifacts of a call's repository, or 404."""

from __future__ import annotations

from bot.simulator.actions.service.engine import Engine
from bot.simulator.errors import not_found
from bot.simulator.records.actions import Artifact, Attempt, Job, Run, Workflow
from bot.simulator.rest.scope import Here


def engine_of(here: Here) -> Engine:
    engine: Engine = here.request.app.state.actions
    return engine


def workflow_of(here: Here, named: str) -> Workflow:
    """By its id or by the name of its file, as GitHub takes both."""
    tables = here.tables
    found = None
    if named.isascii() and named.isdecimal() and len(named) < 16:
        found = tables.workflows.get(int(named))
    else:
        path = f".github/workflows/{named.removeprefix('.github/workflows/')}"
        found = tables.workflows.one("path", (here.repository.id, path))
    if found is None or found.repository_id != here.repository.id or found.state == "deleted":
        raise not_found()
    return found


def run_of(here: Here, run_id: int) -> Run:
    found = here.tables.runs.get(run_id)
    if found is None or found.repository_id != here.repository.id:
        raise not_found()
    return found


def attempt_of(run: Run, number: int) -> Attempt:
    for attempt in run.attempts:
        if attempt.number == number:
            return attempt
    raise not_found()


def job_of(here: Here, job_id: int) -> Job:
    found = here.tables.jobs.get(job_id)
    if found is None or found.repository_id != here.repository.id:
        raise not_found()
    return found


def artifact_of(here: Here, artifact_id: int) -> Artifact:
    found = here.tables.artifacts.get(artifact_id)
    if found is None or found.repository_id != here.repository.id:
        raise not_found()
    return found
