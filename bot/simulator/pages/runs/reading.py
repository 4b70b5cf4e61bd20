"""The pages of Actions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.responses import FileResponse, Response

from bot.simulator.actions.workflow.model import Input, Workflow
from bot.simulator.errors import not_found
from bot.simulator.pages.conversation.texts import may_act
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.paging import page_of
from bot.simulator.pages.references import setting_of
from bot.simulator.pages.rendering import page
from bot.simulator.pages.runs.logs import UNFINISHED, step_logs
from bot.simulator.records.actions import Job, Run
from bot.simulator.rest.actions.finding import (
    artifact_of,
    attempt_of,
    engine_of,
    job_of,
    run_of,
    workflow_of,
)
from bot.simulator.rest.actions.runs import latest_jobs
from bot.simulator.rest.scope import AtRepository, Here

router = pages_router()

ACTIONS = "/{owner}/{repo}/actions"
RUN = ACTIONS + "/runs/{run_id:int}"
PER_PAGE = 25
KEY = re.compile(r"[^A-Za-z0-9_-]")


@router.get(ACTIONS)
async def runs(here: AtRepository) -> Response:
    return _list(here, here.tables.runs.where("repository", here.repository.id))


@router.get(ACTIONS + "/workflows/{name}")
async def workflow(here: AtRepository, name: str) -> Response:
    """Its runs and, if it can be dispatched, the form for that."""
    found = workflow_of(here, name)
    branch = here.request.query_params.get("ref", here.repository.default_branch)
    sha = here.git.ref(f"refs/heads/{branch}")
    loaded = None
    if sha is not None:
        loaded = await engine_of(here).files.one(here.repository, sha, found.path)
    dispatch = loaded.triggers.get("workflow_dispatch") if isinstance(loaded, Workflow) else None
    return _list(
        here,
        here.tables.runs.where("workflow", found.id),
        chosen=found,
        branch=branch,
        branches=list(here.git.branches()),
        problem=None if loaded is None or isinstance(loaded, Workflow) else str(loaded),
        inputs=None if dispatch is None else fields_for(dispatch.inputs.values()),
    )


def fields_for(inputs: Iterable[Input]) -> list[tuple[Input, str]]:
    """Each input with its default as a form shows it."""
    found = []
    for each in inputs:
        default = "" if each.default is None else each.default
        found.append((each, str(default).lower() if each.type == "boolean" else str(default)))
    return found


def _list(here: Here, rows: list[Run], **values: Any) -> Response:
    asked = here.request.query_params
    state, event = asked.get("status", ""), asked.get("event", "")
    kept = [
        run
        for run in rows
        if (not state or state in (run.latest.status, run.latest.conclusion))
        and (not event or run.event == event)
    ]
    kept.sort(key=lambda run: run.id, reverse=True)
    workflows = here.tables.workflows.where("repository", here.repository.id)
    return page(
        here.request,
        "runs/list_part.html" if asked.get("part") else "runs/list.html",
        repository=here.repository,
        workflows=[row for row in workflows if row.state != "deleted"],
        found=page_of(here.request, kept, PER_PAGE),
        may_write=may_act(here, "write"),
        **({"chosen": None, "inputs": None, "problem": None, "branch": ""} | values),
    )


def _frame(here: Here, run: Run, attempt: int) -> dict[str, Any]:
    jobs = here.tables.jobs.where("run", run.id)
    until = [job for job in jobs if job.attempt <= attempt]
    return {
        "repository": here.repository,
        "run": run,
        "attempt": attempt_of(run, attempt),
        "is_latest": attempt == run.latest.number,
        "jobs": latest_jobs(until),
        "may_write": may_act(here, "write"),
    }


@router.get(RUN)
async def run(here: AtRepository, run_id: int) -> Response:
    return await _run(here, run_id, None)


@router.get(RUN + "/attempts/{number:int}")
async def attempt(here: AtRepository, run_id: int, number: int) -> Response:
    return await _run(here, run_id, number)


async def _run(here: Here, run_id: int, number: int | None) -> Response:
    found = run_of(here, run_id)
    frame = _frame(here, found, found.latest.number if number is None else number)
    storage, tables = engine_of(here).storage, here.tables
    summaries = [(job, text) for job in frame["jobs"] if (text := storage.summary(job.id))]
    annotations = [
        (job, note)
        for job in frame["jobs"]
        if (check := tables.check_runs.get(job.check_run_id))
        for note in check.annotations
    ]
    response = page(
        here.request,
        "runs/run_part.html" if here.request.query_params.get("part") else "runs/run.html",
        **frame,
        needs=await _needs(here, found, frame["jobs"]),
        artifacts=tables.artifacts.where("run", found.id),
        summaries=summaries,
        annotations=annotations[:100],
        pulls=[pull for id in found.pull_ids if (pull := tables.pulls.get(id))],
        markdown=here.request.app.state.markdown,
        setting=setting_of(here.world, here.repository),
    )
    return _live(response, found.latest.status)


async def _needs(here: Here, run: Run, jobs: list[Job]) -> dict[int, str]:
    """What each job waited for, by its id; the first word of a job's key is its name there."""
    path = here.tables.workflows[run.workflow_id].path
    loaded = await engine_of(here).files.one(here.repository, run.sha or run.head_sha, path)
    if not isinstance(loaded, Workflow):
        return {}
    needs = {id: ", ".join(job.needs) for id, job in loaded.jobs.items()}
    return {job.id: needs.get(KEY.split(job.key, maxsplit=1)[0], "") for job in jobs}


def _live(response: Response, status: str) -> Response:
    """Tells the script whether there will be more."""
    response.headers["x-final"] = "no" if status in UNFINISHED else "yes"
    return response


@router.get(RUN + "/job/{job_id:int}")
async def job(here: AtRepository, run_id: int, job_id: int) -> Response:
    found, one = run_of(here, run_id), _job(here, run_id, job_id)
    texts = dict(engine_of(here).storage.step_logs(one.id))
    response = page(
        here.request,
        "runs/job_part.html" if here.request.query_params.get("part") else "runs/job.html",
        **_frame(here, found, one.attempt),
        job=one,
        steps=step_logs(one.steps, texts),
        loose=texts.get(0, "") if not one.steps else "",
    )
    return _live(response, one.status)


def _job(here: Here, run_id: int, job_id: int) -> Job:
    found = job_of(here, job_id)
    if found.run_id != run_id:
        raise not_found()
    return found


@router.get(RUN + "/job/{job_id:int}/log")
async def raw_log(here: AtRepository, run_id: int, job_id: int) -> Response:
    text = engine_of(here).storage.job_log(_job(here, run_id, job_id).id)
    if text is None:
        raise not_found()
    return Response(text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8")


@router.get(RUN + "/artifacts/{artifact_id:int}")
async def artifact(here: AtRepository, run_id: int, artifact_id: int) -> Response:
    found = artifact_of(here, artifact_id)
    file = engine_of(here).storage.artifact(found.id)
    if found.run_id != run_id or not file.is_file():
        raise not_found()
    return FileResponse(file, media_type="application/zip", filename=f"{found.name}.zip")
