"""Git trees and blobs."""

from __future__ import annotations

import base64
import binascii
from typing import Literal

from starlette.responses import Response

from bot.simulator.domain.repositories.refs import is_workflow
from bot.simulator.errors import ApiError, not_accessible, not_found
from bot.simulator.git import ObjectInvalid, TreeEdit, UnknownObject
from bot.simulator.identity.rights import may_write_workflows
from bot.simulator.nodes import git_node_id
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import as_media, created, media_of, reply
from bot.simulator.rest.repository.revisions import (
    SHA,
    check_size,
    commit_named,
    full_sha_in,
    kind_of,
    require_commits,
    require_push,
)
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.contents import encoded
from bot.simulator.views.refs import git_tree_view, object_url

router = router_for("git")

MOST_ENTRIES = 100_000
Mode = Literal["100644", "100755", "040000", "160000", "120000"]


class NewEntry(Body):
    path: str
    mode: Mode
    type: Literal["blob", "tree", "commit"] | None = None
    sha: str | None = None
    content: str | None = None


class NewTree(Body):
    tree: list[NewEntry]
    base_tree: str | None = None


class NewBlob(Body):
    content: str
    encoding: str = "utf-8"


@router.get("/repos/{owner}/{repo}/git/trees/{tree:path}")
async def get_tree(here: AtRepository, tree: str) -> Response:
    """`?recursive=` lists everything below, whatever its value is."""
    here.require("contents", "read")
    require_commits(here)
    sha = await _tree_sha(here, tree)
    recursive = "recursive" in here.request.query_params
    entries = await here.git.tree(sha, recursive=recursive)
    shown = entries[:MOST_ENTRIES]
    truncated = len(entries) > MOST_ENTRIES
    return reply(git_tree_view(here.world, here.repository, sha, shown, truncated=truncated))


@router.post("/repos/{owner}/{repo}/git/trees")
async def create_tree(here: AtRepository, body: NewTree) -> Response:
    require_push(here)
    require_commits(here)
    if not body.tree and body.base_tree is None:
        raise ApiError(422, "Invalid tree info")
    touched = any(is_workflow(entry.path) for entry in body.tree)
    if touched and not may_write_workflows(here.caller, here.repository):
        raise not_accessible()
    base = await _base(here, body.base_tree)
    edits = [await _edit(here, entry) for entry in body.tree]
    try:
        sha = await here.git.write_tree(edits, base)
    except ObjectInvalid as error:
        malformed = "malformed" in str(error) or "not a path" in str(error)
        said = "tree.path contains a malformed path component" if malformed else None
        raise ApiError(422, said or "GitRPC::BadObjectState") from error
    except UnknownObject as error:
        raise ApiError(422, "tree.sha is not a valid object") from error
    entries = await here.git.tree(sha)
    return created(git_tree_view(here.world, here.repository, sha, entries, truncated=False))


@router.get("/repos/{owner}/{repo}/git/blobs/{sha}")
async def get_blob(here: AtRepository, sha: str) -> Response:
    here.require("contents", "read")
    require_commits(here)
    if await kind_of(here, full_sha_in(sha, "file_sha")) != "blob":
        raise not_found()
    header = await here.git.header(sha)
    check_size(0 if header is None else header.size)
    data = await here.git.blob(sha)
    if media_of(here.request) == "raw":
        return as_media("raw", data)
    return reply(
        {
            "sha": sha,
            "node_id": git_node_id("blob", here.repository.id, sha),
            "size": len(data),
            "url": object_url(here.world, here.repository, "blob", sha),
            "content": encoded(data),
            "encoding": "base64",
        }
    )


@router.post("/repos/{owner}/{repo}/git/blobs")
async def create_blob(here: AtRepository, body: NewBlob) -> Response:
    require_push(here)
    require_commits(here)
    sha = await here.git.write_blob(_data(body))
    return created({"sha": sha, "url": object_url(here.world, here.repository, "blob", sha)})


def _data(body: NewBlob) -> bytes:
    if body.encoding.lower() in ("utf-8", "utf8"):
        return body.content.encode(errors="replace")
    if body.encoding.lower() != "base64":
        raise ApiError(422, f"{body.encoding[:40]!r} is not a supported encoding")
    try:
        return base64.b64decode("".join(body.content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(422, "content is not valid Base64") from error


async def _tree_sha(here: Here, name: str) -> str:
    """Of the tree itself, or of a commit or ref."""
    if SHA.fullmatch(name) and await kind_of(here, name) == "tree":
        return name
    try:
        return (await here.git.commit(await here.git.resolve(name))).tree
    except UnknownObject as error:
        raise not_found() from error


async def _base(here: Here, name: str | None) -> str | None:
    if name is None:
        return None
    header = await here.git.header(full_sha_in(name, "base_tree"))
    if header is None or header.type not in ("tree", "commit"):
        raise ApiError(422, "base_tree is not a valid tree oid")
    if header.type == "tree":
        return name
    return (await here.git.commit(await commit_named(here, name))).tree


async def _edit(here: Here, entry: NewEntry) -> TreeEdit:
    if entry.content is not None:
        if entry.sha is not None:
            raise ApiError(422, "Must supply either tree.sha or tree.content")
        blob = await here.git.write_blob(entry.content.encode(errors="replace"))
        return TreeEdit(entry.path, entry.mode, blob)
    if not entry.given("sha"):
        raise ApiError(422, "Must supply either tree.sha or tree.content")
    sha = None if entry.sha is None else full_sha_in(entry.sha, "tree.sha")
    return TreeEdit(entry.path, entry.mode, sha)
