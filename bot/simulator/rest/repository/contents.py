"""Contents: files and directories by path."""

from __future__ import annotations

import base64
import binascii
import posixpath
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from bot.simulator.domain.repositories.contents import Edited, FileEdit, edit_file
from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import Entry, UnknownObject
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import as_media, media_of, reply
from bot.simulator.rest.repository.persons import GivenPerson, caller_as_person, person_from
from bot.simulator.rest.repository.revisions import check_size, require_push
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.contents import (
    INLINE,
    Place,
    directory_view,
    entry_view,
    file_view,
    kind_of_entry,
)
from bot.simulator.views.refs import git_commit_view

router = router_for("repos")

OBJECT = "application/vnd.github.object; charset=utf-8"
MOST_ENTRIES = 1000
READMES = ("readme.md", "readme.markdown", "readme", "readme.rst", "readme.txt")


class Deletion(Body):
    message: str | None = None
    sha: str | None = None
    branch: str | None = None
    author: GivenPerson | None = None
    committer: GivenPerson | None = None


class Writing(Body):
    message: str
    content: str
    sha: str | None = None
    branch: str | None = None
    author: GivenPerson | None = None
    committer: GivenPerson | None = None


@router.get("/repos/{owner}/{repo}/readme")
@router.get("/repos/{owner}/{repo}/readme/{folder:path}")
async def get_readme(here: AtRepository, folder: str = "", ref: str = "") -> Response:
    here.require("contents", "read")
    place, commit = await _place(here, ref)
    tree = await _entry(here, commit, folder.strip("/"))
    if tree.type != "tree":
        raise not_found()
    by_name = {e.path.lower(): e for e in await here.git.tree(tree.sha) if e.type == "blob"}
    found = next((by_name[name] for name in READMES if name in by_name), None)
    if found is None:
        raise not_found()
    return await _file(here, place, _below(tree, found))


@router.get("/repos/{owner}/{repo}/contents")
@router.get("/repos/{owner}/{repo}/contents/{path:path}")
async def get_content(here: AtRepository, path: str = "", ref: str = "") -> Response:
    here.require("contents", "read")
    place, commit = await _place(here, ref)
    entry = await _entry(here, commit, path.strip("/"))
    match kind_of_entry(entry):
        case "dir":
            return await _directory(here, place, entry)
        case "symlink":
            return await _symlink(here, place, commit, entry)
        case "submodule":
            return reply(entry_view(place, entry) | {"submodule_git_url": None})
    return await _file(here, place, entry)


@router.put("/repos/{owner}/{repo}/contents/{path:path}")
async def write_file(here: AtRepository, path: str, body: Writing) -> Response:
    require_push(here)
    try:
        data = base64.b64decode("".join(body.content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(422, "content is not valid Base64") from error
    edited = await edit_file(
        here.world, here.caller, here.repository, _edit(here, path, body, data)
    )
    return reply(_edited_view(here, body.branch, edited), 201 if edited.created else 200)


@router.delete("/repos/{owner}/{repo}/contents/{path:path}")
async def delete_file(here: AtRepository, path: str, body: Deletion) -> Response:
    """The fields may stand in the query, too, as many clients send no body with a DELETE."""
    require_push(here)
    query = {
        k: v for k, v in here.request.query_params.items() if k in ("message", "sha", "branch")
    }
    body = body.model_copy(update=query)
    for name in ("message", "sha"):
        if getattr(body, name) is None:
            raise ApiError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
    edited = await edit_file(
        here.world, here.caller, here.repository, _edit(here, path, body, None)
    )
    return reply(_edited_view(here, body.branch, edited))


def _edit(here: Here, path: str, body: Writing | Deletion, data: bytes | None) -> FileEdit:
    committer = person_from(body.committer, caller_as_person(here), "committer")
    return FileEdit(
        path=path.strip("/"),
        data=data,
        sha=body.sha,
        branch=(body.branch or here.repository.default_branch).removeprefix("refs/heads/"),
        message=body.message or "",
        author=person_from(body.author, committer, "author"),
        committer=committer,
    )


def _edited_view(here: Here, branch: str | None, edited: Edited) -> dict[str, Any]:
    place = Place(here.world, here.repository, branch or here.repository.default_branch)
    content = None if edited.entry is None else entry_view(place, edited.entry)
    commit = git_commit_view(here.world, here.repository, edited.commit)
    return {"content": content, "commit": commit}


async def _place(here: Here, ref: str) -> tuple[Place, str]:
    """Where the paths begin, and the commit there."""
    if not here.git.branches():
        raise ApiError(404, "This repository is empty.")
    named = ref or here.repository.default_branch
    try:
        commit = await here.git.resolve(named)
    except UnknownObject as error:
        raise ApiError(404, f"No commit found for the ref {named[:200]}") from error
    return Place(here.world, here.repository, named), commit


async def _entry(here: Here, commit: str, path: str) -> Entry:
    try:
        return await here.git.entry_at(commit, path)
    except UnknownObject as error:
        raise not_found() from error


async def _directory(here: Here, place: Place, entry: Entry) -> Response:
    entries = [_below(entry, e) for e in (await here.git.tree(entry.sha))[:MOST_ENTRIES]]
    listing = directory_view(place, entries)
    if media_of(here.request) != "object":
        return reply(listing)
    response = reply(entry_view(place, entry) | {"entries": listing})
    response.headers["content-type"] = OBJECT
    return response


async def _symlink(here: Here, place: Place, commit: str, entry: Entry) -> Response:
    """The file it leads to, or itself where it leads to none in this repository."""
    target = (await here.git.blob(entry.sha)).decode(errors="replace")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    try:
        found = await here.git.entry_at(commit, path)
    except UnknownObject:
        found = None
    if found is not None and kind_of_entry(found) == "file":
        return await _file(here, place, replace(found, path=entry.path))
    if media_of(here.request) == "raw":
        return as_media("raw", target)
    return reply(entry_view(place, entry) | {"target": target})


async def _file(here: Here, place: Place, entry: Entry) -> Response:
    size = entry.size or 0
    check_size(size)
    if media_of(here.request) == "raw":
        return as_media("raw", await here.git.blob(entry.sha))
    data = await here.git.blob(entry.sha) if size <= INLINE else None
    return reply(file_view(place, entry, data))


def _below(tree: Entry, entry: Entry) -> Entry:
    return replace(entry, path=f"{tree.path}/{entry.path}" if tree.path else entry.path)
