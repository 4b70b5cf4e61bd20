"""Artifacts of runs."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.actions.service.removal import remove_artifact
from bot.simulator.records.actions import Artifact
from bot.simulator.rest.actions.finding import artifact_of, engine_of, run_of
from bot.simulator.rest.actions.runs import ACTIONS
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.actions import artifact_view

router = router_for("actions")


@router.get(f"{ACTIONS}/artifacts")
async def list_artifacts(here: AtRepository) -> Response:
    here.require("actions", "read")
    return _artifacts(here, here.tables.artifacts.where("repository", here.repository.id))


@router.get(f"{ACTIONS}/runs/{{run_id}}/artifacts")
async def list_run_artifacts(here: AtRepository, run_id: int) -> Response:
    here.require("actions", "read")
    return _artifacts(here, here.tables.artifacts.where("run", run_of(here, run_id).id))


@router.get(f"{ACTIONS}/artifacts/{{artifact_id}}")
async def get_artifact(here: AtRepository, artifact_id: int) -> Response:
    here.require("actions", "read")
    return reply(artifact_view(here.world, artifact_of(here, artifact_id)))


@router.delete(f"{ACTIONS}/artifacts/{{artifact_id}}")
async def delete_artifact(here: AtRepository, artifact_id: int) -> Response:
    here.require("actions", "write")
    remove_artifact(engine_of(here), artifact_of(here, artifact_id))
    return no_content()


def _artifacts(here: Here, rows: list[Artifact]) -> Response:
    name = here.request.query_params.get("name", "")
    shown = [row for row in rows if name in ("", row.name)]
    shown.sort(key=lambda row: row.id, reverse=True)
    return paginate(
        here.request, shown, lambda row: artifact_view(here.world, row), envelope="artifacts"
    )
