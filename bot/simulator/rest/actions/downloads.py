"""Logs and artifacts: a redirect to a link that is good for a minute, and what it leads to."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.simulator.actions.service.engine import Engine
from bot.simulator.actions.service.removal import remove_logs
from bot.simulator.errors import ApiError, not_found
from bot.simulator.identity.links import is_signed, signature_for
from bot.simulator.records.actions import Job
from bot.simulator.rest.actions.finding import (
    artifact_of,
    attempt_of,
    engine_of,
    job_of,
    run_of,
)
from bot.simulator.rest.actions.runs import ACTIONS, latest_jobs
from bot.simulator.rest.replies import no_content
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here

router = router_for("actions")

LIFE = timedelta(minutes=1)
UNSAFE = re.compile(r"[^\w .,()+=@-]")


@router.get(f"{ACTIONS}/jobs/{{job_id}}/logs")
async def download_job_log(here: AtRepository, job_id: int) -> Response:
    here.require("actions", "read")
    job = job_of(here, job_id)
    if engine_of(here).storage.job_log(job.id) is None or _is_missing(here, job):
        raise not_found()
    return _redirect(here, f"/_actions/jobs/{job.id}/logs.txt")


@router.get(f"{ACTIONS}/runs/{{run_id}}/logs")
async def download_run_logs(here: AtRepository, run_id: int) -> Response:
    here.require("actions", "read")
    run = run_of(here, run_id)
    return _logs_of(here, run.id, run.latest.number)


@router.get(f"{ACTIONS}/runs/{{run_id}}/attempts/{{attempt_number}}/logs")
async def download_attempt_logs(here: AtRepository, run_id: int, attempt_number: int) -> Response:
    here.require("actions", "read")
    run = run_of(here, run_id)
    return _logs_of(here, run.id, attempt_of(run, attempt_number).number)


@router.delete(f"{ACTIONS}/runs/{{run_id}}/logs")
async def delete_run_logs(here: AtRepository, run_id: int) -> Response:
    here.require("actions", "write")
    run = run_of(here, run_id)
    if run.latest.status != "completed":
        raise ApiError(403, "Could not delete the logs: the workflow run is in progress.")
    remove_logs(engine_of(here), run)
    return no_content()


@router.get(f"{ACTIONS}/artifacts/{{artifact_id}}/{{archive_format}}")
async def download_artifact(here: AtRepository, artifact_id: int, archive_format: str) -> Response:
    """Signed in or not: GitHub wants somebody even where the repository is public."""
    here.actor()
    here.require("actions", "read")
    artifact = artifact_of(here, artifact_id)
    if archive_format != "zip":
        raise not_found()
    if artifact.expires_at <= here.world.clock.now():
        raise ApiError(410, "Artifact has expired")
    return _redirect(here, f"/_actions/artifacts/{artifact.id}.zip")


def _logs_of(here: Here, run_id: int, attempt: int) -> Response:
    jobs = _jobs_in(engine_of(here), run_id, attempt)
    if not any(engine_of(here).storage.step_logs(job.id) for job in jobs):
        raise not_found()
    if any(_is_missing(here, job) for job in jobs):
        raise not_found()
    return _redirect(here, f"/_actions/runs/{run_id}/attempts/{attempt}/logs.zip")


def _is_missing(here: Here, job: Job) -> bool:
    """Whether a fault keeps the log back."""
    return here.world.faults.wants("log_missing", job.name) is not None


def _redirect(here: Here, path: str) -> Response:
    signature = quote(signature_for(here.world, path, LIFE))
    location = f"{here.world.urls.base}{path}?token={signature}"
    return Response(status_code=302, headers={"location": location})


def _jobs_in(engine: Engine, run_id: int, attempt: int) -> list[Job]:
    rows = engine.world.tables.jobs.where("run", run_id)
    return latest_jobs(row for row in rows if row.attempt <= attempt)


async def _send_job_log(request: Request) -> Response:
    engine = _engine(request)
    text = engine.storage.job_log(request.path_params["id"])
    if text is None or not _is_allowed(request, engine):
        return _nothing()
    return PlainTextResponse(text)


async def _send_run_logs(request: Request) -> Response:
    engine = _engine(request)
    if not _is_allowed(request, engine):
        return _nothing()
    jobs = _jobs_in(engine, request.path_params["id"], request.path_params["attempt"])
    headers = {"content-disposition": f"attachment; filename=logs_{request.path_params['id']}.zip"}
    data = pack_logs(engine, jobs)
    return Response(data, media_type="application/zip", headers=headers)


def pack_logs(engine: Engine, jobs: list[Job]) -> bytes:
    """As GitHub lays it out: each job as one file, and a folder with a file for each step."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, job in enumerate(jobs):
            steps = engine.storage.step_logs(job.id)
            names = {step.number: step.name for step in job.steps}
            folder = UNSAFE.sub("_", job.name)[:100]
            archive.writestr(f"{place}_{folder}.txt", "".join(text for _, text in steps))
            for number, text in steps:
                step = UNSAFE.sub("_", names.get(number, ""))[:100]
                archive.writestr(f"{folder}/{number}_{step}.txt", text)
    return target.getvalue()


async def _send_artifact(request: Request) -> Response:
    engine = _engine(request)
    row = engine.world.tables.artifacts.get(request.path_params["id"])
    if row is None or not _is_allowed(request, engine):
        return _nothing()
    path = engine.storage.artifact(row.id)
    if not path.is_file():
        return _nothing()
    return FileResponse(path, media_type="application/zip", filename=f"{row.name}.zip")


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.actions
    return engine


def _is_allowed(request: Request, engine: Engine) -> bool:
    token = request.query_params.get("token", "")
    return is_signed(engine.world, request.url.path, token)


def _nothing() -> Response:
    return PlainTextResponse("404: Not Found", 404)


ROUTES = [
    Route("/_actions/jobs/{id:int}/logs.txt", _send_job_log, methods=["GET"]),
    Route("/_actions/runs/{id:int}/attempts/{attempt:int}/logs.zip", _send_run_logs),
    Route("/_actions/artifacts/{id:int}.zip", _send_artifact, methods=["GET"]),
]
"""Outside of the API, as on GitHub: no token goes there."""
