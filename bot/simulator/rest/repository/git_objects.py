"""Git commits and annotated tags."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from starlette.responses import Response

from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import ObjectInvalid, RefRefused, UnknownObject
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import created, reply
from bot.simulator.rest.repository.persons import GivenPerson, caller_as_person, person_from
from bot.simulator.rest.repository.revisions import (
    full_sha_in,
    kind_of,
    require_commits,
    require_push,
)
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.refs import git_commit_view, git_tag_view

router = router_for("git")

MOST_PARENTS = 100


class NewCommit(Body):
    message: str
    tree: str
    parents: list[str] = Field(default_factory=list)
    author: GivenPerson | None = None
    committer: GivenPerson | None = None
    signature: str | None = None


class NewTag(Body):
    tag: str
    message: str
    object: str
    type: Literal["commit", "tree", "blob"]
    tagger: GivenPerson | None = None


@router.get("/repos/{owner}/{repo}/git/commits/{sha}")
async def get_git_commit(here: AtRepository, sha: str) -> Response:
    here.require("contents", "read")
    require_commits(here)
    if await kind_of(here, full_sha_in(sha, "commit_sha")) != "commit":
        raise not_found()
    commit = await here.git.commit(sha)
    return reply(git_commit_view(here.world, here.repository, commit))


@router.post("/repos/{owner}/{repo}/git/commits")
async def create_git_commit(here: AtRepository, body: NewCommit) -> Response:
    require_push(here)
    require_commits(here)
    if body.signature:
        raise ApiError(422, "The simulator cannot write signatures.")
    if len(body.parents) > MOST_PARENTS:
        raise ApiError(422, f"A commit has at most {MOST_PARENTS} parents here.")
    await _expect(here, body.tree, "tree", "Tree SHA does not exist")
    for parent in body.parents:
        missing = "Parent SHA does not exist or is not a commit object"
        await _expect(here, parent, "commit", missing)
    author = person_from(body.author, caller_as_person(here), "author")
    committer = person_from(body.committer, author, "committer")
    try:
        sha = await here.git.write_commit(
            body.tree, body.parents, author=author, committer=committer, message=body.message
        )
    except ObjectInvalid as error:
        raise ApiError(422, str(error)) from error
    return created(git_commit_view(here.world, here.repository, await here.git.commit(sha)))


@router.get("/repos/{owner}/{repo}/git/tags/{sha}")
async def get_git_tag(here: AtRepository, sha: str) -> Response:
    here.require("contents", "read")
    require_commits(here)
    if await kind_of(here, full_sha_in(sha, "tag_sha")) != "tag":
        raise not_found()
    return reply(git_tag_view(here.world, here.repository, await here.git.tag(sha)))


@router.post("/repos/{owner}/{repo}/git/tags")
async def create_git_tag(here: AtRepository, body: NewTag) -> Response:
    """Makes the object only; `POST git/refs` makes the tag of it."""
    require_push(here)
    require_commits(here)
    await _expect(here, body.object, body.type, f"object is not a {body.type}")
    tagger = person_from(body.tagger, caller_as_person(here), "tagger")
    try:
        sha = await here.git.write_tag(body.tag, body.object, tagger=tagger, message=body.message)
    except (ObjectInvalid, RefRefused, UnknownObject) as error:
        raise ApiError(422, str(error)) from error
    return created(git_tag_view(here.world, here.repository, await here.git.tag(sha)))


async def _expect(here: Here, sha: str, kind: str, otherwise: str) -> None:
    header = await here.git.header(full_sha_in(sha))
    if header is None or header.type != kind:
        raise ApiError(422, otherwise)
