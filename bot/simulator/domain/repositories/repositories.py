"""Making, changing and deleting repositories."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.repositories.first_labels import add_first_labels
from bot.simulator.domain.repositories.pushed import HEADS, TAGS
from bot.simulator.domain.repositories.refs import change_refs
from bot.simulator.domain.repositories.withdrawing import withdraw_rows
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, invalid
from bot.simulator.git import BareRepository, RefChange, TreeEdit
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.emails import person_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Collaborator, FormerName, Repository
from bot.simulator.world import World

ODD = re.compile(r"[^A-Za-z0-9._-]")
SUFFIX = re.compile(r"(\.git)+$")
LONGEST = 100
TOLD = ("description", "homepage")
"""Settings whose change is an event of its own."""


@dataclass(frozen=True)
class Plan:
    """A repository to be made; `settings` are fields of its record."""

    owner: Account
    name: str
    settings: dict[str, Any]
    readme: bool = False
    fork_of: Repository | None = None
    only_default: bool = False
    """Whether a fork has the default branch only."""


def usable_name(name: str) -> str:
    """As GitHub spells it: what is no letter, digit, `.`, `_` or `-` becomes `-`.

    Raises:
        ApiError: 422 for a name that cannot be one.
    """
    spelt = SUFFIX.sub("", ODD.sub("-", name.strip()))
    if not spelt or spelt in (".", "..") or len(spelt) > LONGEST:
        raise _refused("name is invalid")
    return spelt


async def create_repository(world: World, caller: Caller, plan: Plan) -> Repository:
    """Raises:
    ApiError: 422 for a bad name or one that is taken.
    """
    name = usable_name(plan.name)
    _check_free(world, plan.owner, name)
    now = world.clock.now()
    row = Repository(
        id=world.tables.next_id(),
        owner_id=plan.owner.id,
        name=name,
        fork_of_id=None if plan.fork_of is None else plan.fork_of.id,
        created_at=now,
        updated_at=now,
        pushed_at=now,
        **plan.settings,
    )
    await _make_git(world, plan, row)
    try:
        _check_free(world, plan.owner, name)
    except ApiError:
        world.forget_git(row)
        raise
    _add(world, caller, row)
    if plan.fork_of is None:
        tell(world, "repository", "created", caller, row)
    if plan.readme:
        await _write_readme(world, caller, row)
    return row


async def edit_repository(
    world: World, caller: Caller, repository: Repository, changes: dict[str, Any]
) -> None:
    """Sets fields of the record, and tells of those that GitHub tells of.

    Raises:
        ApiError: 422 for a bad name, one that is taken, and a branch that is not there.
    """
    name = usable_name(changes.pop("name", repository.name))
    async with writing(world, repository):
        if name.lower() != repository.name.lower():
            _check_free(world, world.owner(repository), name)
        branch = changes.get("default_branch", repository.default_branch)
        git = world.git(repository)
        if branch != repository.default_branch and git.ref(HEADS + branch) is None:
            raise _refused(
                f"The branch {branch[:200]} was not found. Please push that ref first or create it"
                " via the Git Data API.",
                "default_branch",
            )
        before = {key: getattr(repository, key) for key in changes}
        for key, value in changes.items():
            setattr(repository, key, value)
        repository.updated_at = world.clock.now()
        world.tables.repositories.save(repository)
        _tell_changes(world, caller, repository, before)
        if name != repository.name:
            _rename(world, caller, repository, name)
        # Last, as it takes a moment, in which another could take the name.
        if branch != git.default_branch:
            await git.set_default_branch(branch)


async def delete_repository(world: World, caller: Caller, repository: Repository) -> None:
    """With everything in it; forks of it become forks of what it was forked from.

    A change of refs that is under way is finished first: what it writes is not to come later.
    """
    async with writing(world, repository):
        tell(world, "repository", "deleted", caller, repository)
        withdraw_rows(world, repository)
        world.forget_git(repository)


def _check_free(world: World, owner: Account, name: str) -> None:
    if world.tables.repositories.one("name", (owner.id, name.lower())) is not None:
        raise _refused("name already exists on this account")


def _refused(message: str, field: str = "name") -> ApiError:
    return invalid("Repository", field, "custom", message)


async def _make_git(world: World, plan: Plan, row: Repository) -> None:
    git = world.git(row)
    if plan.fork_of is None:
        await git.create(row.default_branch)
        return
    await world.git(plan.fork_of).fork_to(git)
    default = HEADS + row.default_branch
    left = [
        RefChange(name, sha, None)
        for name, sha in git.refs().items()
        if (plan.only_default and name != default) or not name.startswith((HEADS, TAGS))
    ]
    await git.update_refs(left)
    row.known_refs = dict(git.refs())


def _add(world: World, caller: Caller, row: Repository) -> None:
    """The record with GitHub's labels; who makes it for an organization is its administrator."""
    tables = world.tables
    tables.repositories.add(row)
    for former in tables.former_names.where("name", (row.owner_id, row.name.lower())):
        tables.former_names.remove(former)
    add_first_labels(world, row)
    if caller.actor is not None and caller.is_user and caller.actor.id != row.owner_id:
        tables.collaborators.add(
            Collaborator(
                id=tables.next_id(), repository_id=row.id, account_id=caller.actor.id, role="admin"
            )
        )


async def _write_readme(world: World, caller: Caller, row: Repository) -> None:
    assert caller.actor is not None
    git: BareRepository = world.git(row)
    text = f"# {row.name}\n" + (f"{row.description}\n" if row.description else "")
    blob = await git.write_blob(text.encode())
    tree = await git.write_tree([TreeEdit("README.md", "100644", blob)])
    person = person_of(caller.actor, world.clock.now())
    sha = await git.write_commit(
        tree, (), author=person, committer=person, message="Initial commit"
    )
    change = RefChange(HEADS + row.default_branch, None, sha)
    await change_refs(world, caller, row, [change], ruled=False)


def _rename(world: World, caller: Caller, repository: Repository, name: str) -> None:
    tables = world.tables
    old, repository.name = repository.name, name
    tables.repositories.save(repository)
    for former in tables.former_names.where("name", (repository.owner_id, name.lower())):
        tables.former_names.remove(former)
    if old.lower() != name.lower():
        tables.former_names.add(
            FormerName(
                id=tables.next_id(),
                owner_id=repository.owner_id,
                name=old,
                repository_id=repository.id,
            )
        )
    changes = {"repository": {"name": {"from": old}}}
    tell(world, "repository", "renamed", caller, repository, changes=changes)


def _tell_changes(
    world: World, caller: Caller, repository: Repository, before: dict[str, Any]
) -> None:
    changed = {key: old for key, old in before.items() if getattr(repository, key) != old}
    told = {key: {"from": changed[key]} for key in (*TOLD, "default_branch") if key in changed}
    if told:
        tell(world, "repository", "edited", caller, repository, changes=told)
    if "topics" in changed:
        topics = {"topics": {"from": changed["topics"]}}
        tell(world, "repository", "edited", caller, repository, changes=topics)
    if "archived" in changed:
        action = "archived" if repository.archived else "unarchived"
        tell(world, "repository", action, caller, repository)
    if "private" in changed:
        action = "privatized" if repository.private else "publicized"
        tell(world, "repository", action, caller, repository)
