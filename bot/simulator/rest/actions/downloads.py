"""Logs and artifacts: a redirect to a link that is good for a minute, and what it leads to."""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
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
BLOCK = 64 * 1024
UNSAFE = re.compile(r"[^\w .,()+=@-]")

Entry = tuple[str, list[Path]]
"""The name of a file in an archive, and the files that make it up."""


@router.get(f"{ACTIONS}/jobs/{{job_id}}/logs")
async def download_job_log(here: AtRepository, job_id: int) -> Response:
    here.require("actions", "read")
    job = job_of(here, job_id)
    if not engine_of(here).storage.log_files(job.id) or _is_missing(here, job):
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
    if not any(engine_of(here).storage.log_files(job.id) for job in jobs):
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
    files = engine.storage.log_files(request.path_params["id"])
    if not files or not _is_allowed(request, engine):
        return _nothing()
    return StreamingResponse(_content(file for _, file in files), media_type="text/plain")


async def _send_run_logs(request: Request) -> Response:
    engine = _engine(request)
    if not _is_allowed(request, engine):
        return _nothing()
    jobs = _jobs_in(engine, request.path_params["id"], request.path_params["attempt"])
    headers = {"content-disposition": f"attachment; filename=logs_{request.path_params['id']}.zip"}
    packed = await asyncio.to_thread(_packed, list(_entries(engine, jobs)))
    return StreamingResponse(_blocks(packed), media_type="application/zip", headers=headers)


def _entries(engine: Engine, jobs: Iterable[Job]) -> Iterator[Entry]:
    """As GitHub lays it out: each job as one file, and a folder with a file for each step."""
    for place, job in enumerate(jobs):
        files = engine.storage.log_files(job.id)
        names = {step.number: step.name for step in job.steps}
        folder = UNSAFE.sub("_", job.name)[:100]
        yield f"{place}_{folder}.txt", [file for _, file in files]
        for number, file in files:
            step = UNSAFE.sub("_", names.get(number, ""))[:100]
            yield f"{folder}/{number}_{step}.txt", [file]


def _packed(entries: Iterable[Entry]) -> IO[bytes]:
    """In a file, for logs may be longer than the memory."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(target, "w") as archive:
        for name, files in entries:
            entry = zipfile.ZipInfo(name, time.localtime()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            entry.file_size = sum(file.stat().st_size for file in files)
            with archive.open(entry, "w") as written:
                for block in _content(files):
                    written.write(block)
    target.seek(0)
    return target


def _content(files: Iterable[Path]) -> Iterator[bytes]:
    for file in files:
        yield from _blocks(file.open("rb"))


def _blocks(opened: IO[bytes]) -> Iterator[bytes]:
    with opened:
        while block := opened.read(BLOCK):
            yield block


async def _send_artifact(request: Request) -> Response:
    engine = _engine(request)
    row = engine.world.tables.artifacts.get(request.path_params["id"])
    if row is None or not _is_allowed(request, engine):
        return _nothing()
    path = engine.storage.artifact(row.id)
    if not path.is_file():
        return _nothing()
    if engine.world.faults.wants("artifact_altered", row.name):
        return Response(_altered(path.read_bytes()), media_type="application/zip")
    return FileResponse(path, media_type="application/zip", filename=f"{row.name}.zip")


def _altered(archive: bytes) -> bytes:
    """The same files in another archive: whoever unpacks it sees no difference."""
    target = io.BytesIO(archive)
    with zipfile.ZipFile(target, "a") as opened:
        opened.comment = b"altered"
    return target.getvalue()


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
