"""A repository's files as one archive: a redirect, and what it leads to."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.simulator.errors import not_found
from bot.simulator.git import UnknownObject
from bot.simulator.identity.links import is_signed, signature_for
from bot.simulator.rest.repository.revisions import require_commits
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.world import World

router = router_for("repos")

Form = Literal["tar.gz", "zip"]
TYPES = {"tar.gz": "application/x-gzip", "zip": "application/zip"}


@router.get("/repos/{owner}/{repo}/tarball")
@router.get("/repos/{owner}/{repo}/tarball/{ref:path}")
async def download_tarball(here: AtRepository, ref: str = "") -> Response:
    return await _redirect(here, "tar.gz", ref)


@router.get("/repos/{owner}/{repo}/zipball")
@router.get("/repos/{owner}/{repo}/zipball/{ref:path}")
async def download_zipball(here: AtRepository, ref: str = "") -> Response:
    return await _redirect(here, "zip", ref)


async def _redirect(here: Here, form: Form, ref: str) -> Response:
    """The link is good for five minutes, and for the commit that the ref is at now."""
    here.require("contents", "read")
    require_commits(here)
    try:
        sha = await here.git.resolve(ref or here.repository.default_branch)
    except UnknownObject as error:
        raise not_found() from error
    path = f"/codeload/{here.repository.id}/legacy.{form}/{sha}"
    signature = quote(signature_for(here.world, path))
    location = f"{here.world.urls.base}{path}?token={signature}"
    return Response(status_code=302, headers={"location": location})


async def _send(request: Request) -> Response:
    world: World = request.app.state.world
    repository = world.tables.repositories.get(request.path_params["id"])
    form: Form = "zip" if request.path_params["form"] == "zip" else "tar.gz"
    token = request.query_params.get("token", "")
    if repository is None or not is_signed(world, request.url.path, token):
        return PlainTextResponse("404: Not Found", 404)
    sha = request.path_params["sha"]
    name = world.full_name(repository).replace("/", "-") + f"-{sha[:7]}"
    try:
        parts = await world.git(repository).archive(sha, form, prefix=f"{name}/")
    except UnknownObject:
        return PlainTextResponse("404: Not Found", 404)
    headers = {"content-disposition": f"attachment; filename={name}.{form}"}
    return StreamingResponse(parts, media_type=TYPES[form], headers=headers)


ROUTES = [Route("/codeload/{id:int}/legacy.{form}/{sha}", _send, methods=["GET"])]
"""Outside of the API, as GitHub has them: no token goes there."""
