"""Starting, stopping and repeating runs."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.simulator.actions.service.dispatching import dispatch
from bot.simulator.actions.service.removal import remove_run
from bot.simulator.actions.service.reruns import approve, failed_jobs, rerun
from bot.simulator.domain.announcing import tell
from bot.simulator.errors import ApiError
from bot.simulator.records.actions import Run
from bot.simulator.rest.actions.finding import engine_of, job_of, run_of, workflow_of
from bot.simulator.rest.actions.runs import ACTIONS
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import no_content, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.actions import run_page, run_url

router = router_for("actions")

MAX_EVENT_TYPE = 100
MAX_PAYLOAD_KEYS = 10
MAX_PAYLOAD = 64 * 1024


class Dispatch(Body):
    ref: str
    inputs: dict[str, Any] | None = None
    return_run_details: bool = False


class RepositoryDispatch(Body):
    event_type: str
    client_payload: dict[str, Any] | None = None


class Rerun(Body):
    enable_debug_logging: bool = False


@router.put(f"{ACTIONS}/workflows/{{workflow_id}}/enable")
async def enable_workflow(here: AtRepository, workflow_id: str) -> Response:
    return _switch(here, workflow_id, on=True)


@router.put(f"{ACTIONS}/workflows/{{workflow_id}}/disable")
async def disable_workflow(here: AtRepository, workflow_id: str) -> Response:
    return _switch(here, workflow_id, on=False)


def _switch(here: Here, named: str, *, on: bool) -> Response:
    here.require("actions", "write")
    row = workflow_of(here, named)
    row.state = "active" if on else "disabled_manually"
    row.updated_at = here.world.clock.now()
    here.tables.workflows.save(row)
    return no_content()


@router.post(f"{ACTIONS}/workflows/{{workflow_id}}/dispatches")
async def dispatch_workflow(here: AtRepository, workflow_id: str, body: Dispatch) -> Response:
    here.require("actions", "write")
    workflow = workflow_of(here, workflow_id)
    run = await dispatch(
        engine_of(here), here.caller, here.repository, workflow, body.ref, body.inputs or {}
    )
    if not body.return_run_details:
        return no_content()
    return reply(
        {
            "workflow_run_id": run.id,
            "run_url": run_url(here.world, run),
            "html_url": run_page(here.world, run),
        }
    )


@router.post("/repos/{owner}/{repo}/dispatches")
async def dispatch_repository(here: AtRepository, body: RepositoryDispatch) -> Response:
    here.require("contents", "write")
    payload = body.client_payload or {}
    if not 0 < len(body.event_type) <= MAX_EVENT_TYPE:
        raise ApiError(422, f"event_type must have 1 to {MAX_EVENT_TYPE} characters.")
    if len(payload) > MAX_PAYLOAD_KEYS:
        raise ApiError(
            422,
            f"No more than {MAX_PAYLOAD_KEYS} properties are allowed; {len(payload)} were"
            " supplied.",
        )
    if len(reply(payload).body) >= MAX_PAYLOAD:
        raise ApiError(422, "client_payload is too large.")
    tell(
        here.world,
        "repository_dispatch",
        body.event_type,
        here.caller,
        here.repository,
        branch=here.repository.default_branch,
        client_payload=payload,
    )
    return no_content()


@router.post(f"{ACTIONS}/runs/{{run_id}}/cancel")
async def cancel_run(here: AtRepository, run_id: int) -> Response:
    return _cancel(here, run_id, force=False)


@router.post(f"{ACTIONS}/runs/{{run_id}}/force-cancel")
async def force_cancel_run(here: AtRepository, run_id: int) -> Response:
    return _cancel(here, run_id, force=True)


def _cancel(here: Here, run_id: int, *, force: bool) -> Response:
    here.require("actions", "write")
    run = run_of(here, run_id)
    if run.latest.status == "completed":
        raise ApiError(409, "Cannot cancel a workflow run that is completed.")
    engine_of(here).cancel(run, force=force)
    return reply({}, 202)


@router.post(f"{ACTIONS}/runs/{{run_id}}/rerun")
async def rerun_run(here: AtRepository, run_id: int, body: Rerun | None = None) -> Response:
    here.require("actions", "write")
    debug = body is not None and body.enable_debug_logging
    await rerun(engine_of(here), here.caller, run_of(here, run_id), None, debug=debug)
    return reply({}, 201)


@router.post(f"{ACTIONS}/runs/{{run_id}}/rerun-failed-jobs")
async def rerun_failed(here: AtRepository, run_id: int, body: Rerun | None = None) -> Response:
    here.require("actions", "write")
    run = run_of(here, run_id)
    failed = failed_jobs(here.world, run)
    if run.latest.status == "completed" and not failed:
        raise ApiError(403, "The workflow run cannot be retried: it has no failed jobs.")
    debug = body is not None and body.enable_debug_logging
    await rerun(engine_of(here), here.caller, run, failed, debug=debug)
    return reply({}, 201)


@router.post(f"{ACTIONS}/jobs/{{job_id}}/rerun")
async def rerun_job(here: AtRepository, job_id: int, body: Rerun | None = None) -> Response:
    here.require("actions", "write")
    job = job_of(here, job_id)
    run: Run = here.tables.runs[job.run_id]
    debug = body is not None and body.enable_debug_logging
    await rerun(engine_of(here), here.caller, run, [job], debug=debug)
    return reply({}, 201)


@router.post(f"{ACTIONS}/runs/{{run_id}}/approve")
async def approve_run(here: AtRepository, run_id: int) -> Response:
    here.require("actions", "write")
    approve(engine_of(here), run_of(here, run_id))
    return reply({}, 201)


@router.delete(f"{ACTIONS}/runs/{{run_id}}")
async def delete_run(here: AtRepository, run_id: int) -> Response:
    here.require("actions", "write")
    run = run_of(here, run_id)
    if run.latest.status != "completed":
        raise ApiError(403, "Could not delete the workflow run: it is in progress.")
    remove_run(engine_of(here), run)
    return no_content()
