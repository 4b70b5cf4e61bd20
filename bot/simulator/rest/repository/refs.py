"""Git references."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.simulator.domain.repositories.refs import change_refs, is_forced
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import RefChange, RefMoved, is_branch_name, is_ref_name
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import created, no_content, reply
from bot.simulator.rest.repository.revisions import full_sha_in, require_commits, require_push
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.refs import ref_view

router = router_for("git")

COMMITS = ("refs/heads/", "refs/pull/")
"""What stands below them is always a commit."""
COMPONENTS = 3


class NewRef(Body):
    ref: str
    sha: str


class MovedRef(Body):
    sha: str
    force: bool = False


@router.get("/repos/{owner}/{repo}/git/ref/{ref:path}")
@router.get("/repos/{owner}/{repo}/git/refs/{ref:path}")
async def get_ref(here: AtRepository, ref: str) -> Response:
    here.require("contents", "read")
    require_commits(here)
    name = f"refs/{ref}"
    sha = here.git.ref(name)
    if sha is None:
        raise not_found()
    return reply(await _view(here, name, sha))


@router.get("/repos/{owner}/{repo}/git/matching-refs/{ref:path}")
async def list_matching_refs(here: AtRepository, ref: str) -> Response:
    here.require("contents", "read")
    require_commits(here)
    found = [(n, sha) for n, sha in here.git.refs().items() if n.startswith(f"refs/{ref}")]
    return reply([await _view(here, name, sha) for name, sha in found])


@router.post("/repos/{owner}/{repo}/git/refs")
async def create_ref(here: AtRepository, body: NewRef) -> Response:
    require_push(here)
    require_commits(here)
    _check_name(body.ref)
    sha = full_sha_in(body.sha)
    kind = await _kind_for(here, body.ref, sha)
    if here.git.ref(body.ref) is not None:
        raise ApiError(422, "Reference already exists")
    change = RefChange(body.ref, None, sha)
    await change_refs(here.world, here.caller, here.repository, [change])
    return created(ref_view(here.world, here.repository, body.ref, sha, kind))


@router.patch("/repos/{owner}/{repo}/git/refs/{ref:path}")
async def update_ref(here: AtRepository, ref: str, body: MovedRef) -> Response:
    require_push(here)
    require_commits(here)
    name = f"refs/{ref}"
    sha = full_sha_in(body.sha)
    old = _existing(here, name)
    kind = await _kind_for(here, name, sha)
    async with writing(here.world, here.repository):
        old = _existing(here, name)
        change = RefChange(name, old, sha)
        if not body.force and await is_forced(here.git, change):
            raise ApiError(422, "Update is not a fast forward")
        if old != sha:
            await _change(here, change)
    return reply(ref_view(here.world, here.repository, name, sha, kind))


@router.delete("/repos/{owner}/{repo}/git/refs/{ref:path}")
async def delete_ref(here: AtRepository, ref: str) -> Response:
    require_push(here)
    require_commits(here)
    name = f"refs/{ref}"
    async with writing(here.world, here.repository):
        await _change(here, RefChange(name, _existing(here, name), None))
    return no_content()


def _existing(here: Here, name: str) -> str:
    old = here.git.ref(name)
    if old is None:
        raise ApiError(422, "Reference does not exist")
    return old


def _check_name(name: str) -> None:
    if len(name.split("/")) < COMPONENTS:
        message = "Reference name must contain at least three slash-separated components."
        raise ApiError(422, message)
    branch = name.removeprefix("refs/heads/")
    bad_branch = branch != name and not is_branch_name(branch)
    if not name.startswith("refs/") or not is_ref_name(name) or bad_branch:
        raise ApiError(422, f"{name[:200]} is not a valid ref name.")


async def _kind_for(here: Here, name: str, sha: str) -> str:
    """The type of what a ref is to be at: a branch is at a commit."""
    header = await here.git.header(sha)
    if header is None:
        raise ApiError(422, "Object does not exist")
    if name.startswith("refs/heads/") and header.type != "commit":
        raise ApiError(422, "Object is not a commit")
    return header.type


async def _change(here: Here, change: RefChange) -> None:
    try:
        await change_refs(here.world, here.caller, here.repository, [change])
    except RefMoved as error:
        raise ApiError(422, "Reference update failed") from error


async def _view(here: Here, name: str, sha: str) -> dict[str, Any]:
    kind = "commit"
    if not name.startswith(COMMITS) and (header := await here.git.header(sha)) is not None:
        kind = header.type
    return ref_view(here.world, here.repository, name, sha, kind)
