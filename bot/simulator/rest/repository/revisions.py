"""What the paths and bodies of requests name: refs, shas and commits."""

from __future__ import annotations

import re

from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import UnknownObject
from bot.simulator.rest.scope import Here

SHA = re.compile(r"[0-9a-f]{40}")
LARGEST = 100 << 20
TOO_LARGE = (
    "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via"
    " the API, but you can use Git to clone or download the repository."
)


def require_push(here: Here) -> None:
    """To write git data and contents.

    Raises:
        ApiError: 404 for people who may not push, from whom GitHub hides these operations; 403
            for Apps and for an archive.
    """
    caller = here.caller
    if caller.app is None and not here.can("contents", "write", "write"):
        raise not_found()
    here.require("contents", "write")


def require_commits(here: Here) -> None:
    """Raises:
    ApiError: 409 for a repository without any ref, whose git data are not there yet.
    """
    if not here.git.refs():
        raise ApiError(409, "Git Repository is empty.")


def full_sha_in(sha: str, field: str = "sha") -> str:
    """Raises:
    ApiError: 422 for what is no full sha.
    """
    if not SHA.fullmatch(sha):
        raise ApiError(
            422,
            f"The {field} parameter must be exactly 40 characters and contain only [0-9a-f].",
        )
    return sha


async def commit_named(here: Here, revision: str) -> str:
    """The full sha of a branch's, tag's or abbreviated commit.

    Raises:
        ApiError: 409 for an empty repository, 422 for what names no commit.
    """
    require_commits(here)
    try:
        return await here.git.resolve(revision)
    except UnknownObject as error:
        raise ApiError(422, f"No commit found for SHA: {revision[:200]}") from error


async def branch_tip(here: Here, branch: str) -> str:
    """Raises:
    ApiError: 404 where there is no such branch.
    """
    tip = here.git.ref(f"refs/heads/{branch}")
    if tip is None:
        raise ApiError(404, "Branch not found")
    return tip


async def kind_of(here: Here, sha: str) -> str:
    """The type of an object.

    Raises:
        ApiError: 404 where it is not there.
    """
    header = await here.git.header(sha) if SHA.fullmatch(sha) else None
    if header is None:
        raise not_found()
    return header.type


def check_size(size: int) -> None:
    """Raises:
    ApiError: 403 for a blob of more bytes than the API gives out.
    """
    if size > LARGEST:
        raise ApiError(403, TOO_LARGE, [{"resource": "Blob", "field": "data", "code": "too_large"}])
