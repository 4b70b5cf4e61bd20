"""Starting, stopping and repeating runs."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.simulator.actions.service.dispatching import dispatch
from bot.simulator.errors import ApiError
from bot.simulator.pages.forms import Form
from bot.simulator.pages.gate import pages_router
from bot.simulator.pages.rendering import link_to
from bot.simulator.pages.runs.reading import ACTIONS, RUN
from bot.simulator.rest.actions import controlling
from bot.simulator.rest.actions.finding import engine_of, workflow_of
from bot.simulator.rest.scope import AtRepository, Here

router = pages_router()

TURNS = {
    "approve": controlling.approve_run,
    "cancel": controlling.cancel_run,
    "force-cancel": controlling.force_cancel_run,
    "rerun": controlling.rerun_run,
    "rerun-failed": controlling.rerun_failed,
}
PREFIX = "input-"
"""Of the fields that are inputs of the workflow."""


@router.post(ACTIONS + "/workflows/{name}/dispatch")
async def run_workflow(here: AtRepository, name: str, form: Form) -> Response:
    here.require("actions", "write")
    inputs = {k.removeprefix(PREFIX): v for k, v in form.items() if k.startswith(PREFIX)}
    workflow = workflow_of(here, name)
    run = await dispatch(
        engine_of(here), here.caller, here.repository, workflow, form.text("ref"), inputs
    )
    return _to_run(here, run.id)


@router.post(ACTIONS + "/workflows/{name}/state")
async def turn_workflow(here: AtRepository, name: str, form: Form) -> Response:
    turn = form.text("state")
    if turn == "enable":
        await controlling.enable_workflow(here, name)
    elif turn == "disable":
        await controlling.disable_workflow(here, name)
    else:
        raise ApiError(422, "A workflow is enabled or disabled.")
    file = workflow_of(here, name).path.rpartition("/")[2]
    path = link_to(here.world, here.repository, "actions", "workflows", file)
    return RedirectResponse(path, 303)


@router.post(RUN)
async def turn_run(here: AtRepository, run_id: int, form: Form) -> Response:
    turn = TURNS.get(form.text("turn"))
    if turn is None:
        raise ApiError(422, "A run is approved, cancelled or run again.")
    await turn(here, run_id)
    return _to_run(here, run_id)


@router.post(RUN + "/job/{job_id:int}")
async def rerun_job(here: AtRepository, run_id: int, job_id: int) -> Response:
    await controlling.rerun_job(here, job_id)
    return _to_run(here, run_id)


def _to_run(here: Here, run_id: int) -> Response:
    return RedirectResponse(link_to(here.world, here.repository, "actions", "runs", run_id), 303)
