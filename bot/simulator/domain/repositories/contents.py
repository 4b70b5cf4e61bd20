"""Commits of one changed file, made without a clone."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.domain.repositories.pushed import HEADS
from bot.simulator.domain.repositories.refs import RuleBroken, change_refs, is_workflow
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, not_accessible, not_found
from bot.simulator.git import (
    BareRepository,
    Commit,
    Entry,
    Person,
    RefChange,
    RepositoryError,
    TreeEdit,
    UnknownObject,
    is_branch_name,
)
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import may_write_workflows
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

FILE, SYMLINK, EXECUTABLE = "100644", "120000", "100755"


@dataclass(frozen=True)
class FileEdit:
    """`data` None deletes. `sha` is the blob that the caller believes to be there."""

    path: str
    data: bytes | None
    sha: str | None
    branch: str
    message: str
    author: Person
    committer: Person


@dataclass(frozen=True)
class Edited:
    """The commit, and the entry it left; `created` where there was nothing before."""

    commit: Commit
    entry: Entry | None
    created: bool


async def edit_file(world: World, caller: Caller, repository: Repository, edit: FileEdit) -> Edited:
    """Raises:
    ApiError: 404 for a branch or file that is not there, 409 for another sha and for rules of
        the branch, 422 for a missing sha and a bad path.
    """
    git = world.git(repository)
    if is_workflow(edit.path) and not may_write_workflows(caller, repository):
        raise not_accessible()
    async with writing(world, repository):
        tip = _tip(git, edit.branch)
        found = None if tip is None else await _entry(git, tip, edit.path)
        mode = _expect(edit, found)
        sha = await _write(git, edit, tip, mode)
        change = RefChange(HEADS + edit.branch, tip, sha)
        try:
            await change_refs(world, caller, repository, [change])
        except RuleBroken as broken:
            doing = "delete" if edit.data is None else "update" if found else "create"
            raise ApiError(409, f"Could not {doing} file: {broken.message}") from broken
        entry = None if edit.data is None else await git.entry_at(sha, edit.path)
        return Edited(await git.commit(sha), entry, created=found is None)


def _tip(git: BareRepository, branch: str) -> str | None:
    """None for the first commit of an empty repository."""
    tip = git.ref(HEADS + branch)
    if tip is None and (git.branches() or not is_branch_name(branch)):
        raise ApiError(404, f"Branch {branch[:200]} not found")
    return tip


async def _entry(git: BareRepository, tip: str, path: str) -> Entry | None:
    """Raises:
    ApiError: 422 where a part of the path is a file, which a directory would replace.
    """
    try:
        return await git.entry_at(tip, path)
    except UnknownObject:
        above = path.rpartition("/")[0]
        if above and (found := await _entry(git, tip, above)) and found.type != "tree":
            raise ApiError(422, f"{found.path[:200]} is not a directory") from None
        return None


def _expect(edit: FileEdit, found: Entry | None) -> str:
    """The mode to write. A sha for a file that is not there is ignored by GitHub."""
    if found is None:
        if edit.data is None:
            raise not_found()
        return FILE
    if found.type != "blob":
        raise ApiError(422, f"{edit.path[:200]} is a directory")
    if edit.sha is None:
        raise ApiError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if edit.sha != found.sha:
        raise ApiError(409, f"{edit.path[:200]} does not match {edit.sha[:80]}")
    return found.mode if found.mode in (FILE, EXECUTABLE, SYMLINK) else FILE


async def _write(git: BareRepository, edit: FileEdit, tip: str | None, mode: str) -> str:
    try:
        blob = None if edit.data is None else await git.write_blob(edit.data)
        base = None if tip is None else (await git.commit(tip)).tree
        tree = await git.write_tree([TreeEdit(edit.path, mode, blob)], base)
        return await git.write_commit(
            tree,
            [] if tip is None else [tip],
            author=edit.author,
            committer=edit.committer,
            message=edit.message,
        )
    except RepositoryError as error:
        raise ApiError(422, str(error)[:300]) from error
