"""What follows from a change of refs, whoever made it: git, REST, GraphQL, a merge.

A ref moves first in git and only then in the records. `known_refs` says how far the records have
come, so that after a crash in between `catch_up` can tell of what was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.simulator.domain.announcing import event_of, tell
from bot.simulator.domain.checks.suites import request_suites
from bot.simulator.domain.issues.closing import note_commits
from bot.simulator.domain.pulls.heads import follow_fork, head_moved
from bot.simulator.domain.repositories.languages import main_language
from bot.simulator.domain.repositories.pushed import HEADS, TAGS, Push, look_at
from bot.simulator.events import Event
from bot.simulator.git import NULL_SHA, RefChange
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.emails import email_of
from bot.simulator.records.repositories import Repository
from bot.simulator.views.pushes import pushed_commit_view, pushed_repository_view
from bot.simulator.world import World

MOST_TAGS = 3
"""More tags made or deleted at once have no events at all."""


async def refs_changed(
    world: World, caller: Caller, repository: Repository, changes: Sequence[RefChange]
) -> None:
    """To be called in `writing()`, so that pushes are told of in their order. From a push that
    waited while its repository was deleted nothing follows.

    A crash on the way lets `catch_up` begin anew: what was kept by then is told of twice.
    """
    if world.tables.repositories.get(repository.id) is None:
        return
    git = world.git(repository)
    pushes = [await look_at(git, change, changes) for change in changes if _is_told_of(change)]
    if pushes:
        repository.pushed_at = world.clock.now()
    if any(change.name == HEADS + git.default_branch for change in changes):
        repository.language = await main_language(git)
    tags = [push for push in pushes if push.kind == "tag"]
    for push in pushes:
        if push.kind == "branch" or len(tags) <= MOST_TAGS:
            _tell(world, caller, repository, push)
        if push.kind == "branch":
            branch = push.change.name.removeprefix(HEADS)
            note_commits(world, caller, repository, branch, push.commits, push.distinct)
    await head_moved(world, caller, repository, changes)
    await request_suites(world, caller, repository, changes)
    _remember(world, repository, pushes)


async def catch_up(world: World) -> None:
    """Tells of the changes that a crash kept from being told of."""
    for repository in list(world.tables.repositories):
        git = world.git(repository)
        if not git.exists():
            continue
        async with git.writing():
            changes = await git.recover(repository.known_refs)
            if found := [change for change in changes if _is_told_of(change)]:
                caller = await _likely_caller(world, repository)
                await refs_changed(world, caller, repository, found)
    for pull in world.tables.pulls:
        if pull.head_repository_id not in (None, pull.repository_id):
            repository = world.tables.repositories[pull.repository_id]
            await follow_fork(world, await _likely_caller(world, repository), pull)
    world.commit()


async def latest_push(world: World, caller: Caller, repository: Repository) -> Event | None:
    """As if the last commit of the default branch had just been pushed: to try hooks with.

    None: the branch is not there.
    """
    git = world.git(repository)
    sha = git.branches().get(repository.default_branch)
    if sha is None:
        return None
    commit = await git.commit(sha)
    before = commit.parents[0] if commit.parents else None
    change = RefChange(HEADS + repository.default_branch, before, sha)
    push = await look_at(git, change, [change])
    payload = _payload(world, caller, repository, push)
    return event_of(world, "push", None, caller, repository, **payload)


def _is_told_of(change: RefChange) -> bool:
    return change.name.startswith((HEADS, TAGS))


async def _likely_caller(world: World, repository: Repository) -> Caller:
    """Who pushed before a crash is not known; an administrator could have."""
    for member in world.tables.collaborators.where("repository", repository.id):
        if member.role == "admin":
            return Caller(actor=world.tables.accounts[member.account_id])
    return Caller(actor=world.owner(repository))


def _remember(world: World, repository: Repository, pushes: Sequence[Push]) -> None:
    for push in pushes:
        if push.change.new is None:
            repository.known_refs.pop(push.change.name, None)
        else:
            repository.known_refs[push.change.name] = push.change.new
    if pushes:
        world.tables.repositories.save(repository)


def _tell(world: World, caller: Caller, repository: Repository, push: Push) -> None:
    name = push.change.name.removeprefix(HEADS).removeprefix(TAGS)
    named: dict[str, Any] = {"ref": name, "ref_type": push.kind, "pusher_type": "user"}
    if push.change.old is None:
        master: dict[str, Any] = {
            "master_branch": repository.default_branch,
            "description": repository.description,
        }
        tell(world, "create", None, caller, repository, **named, **master)
    tell(world, "push", None, caller, repository, **_payload(world, caller, repository, push))
    if push.change.new is None:
        tell(world, "delete", None, caller, repository, **named)


def _payload(world: World, caller: Caller, repository: Repository, push: Push) -> dict[str, Any]:
    change = push.change
    pusher = caller.actor or world.owner(repository)
    shown = {
        commit.sha: pushed_commit_view(
            world,
            repository,
            commit,
            push.paths[commit.sha],
            distinct=commit.sha in push.distinct,
        )
        for commit in push.commits
    }
    head = None
    if push.head is not None:
        head = shown.get(push.head.sha) or pushed_commit_view(world, repository, push.head)
    return {
        "ref": change.name,
        "before": change.old or NULL_SHA,
        "after": change.new or NULL_SHA,
        "repository": pushed_repository_view(world, repository),
        "pusher": {"name": pusher.login, "email": email_of(pusher)},
        "created": change.old is None,
        "deleted": change.new is None,
        "forced": push.forced,
        "base_ref": push.base,
        "compare": _compare_page(world, repository, push),
        "commits": list(shown.values()),
        "head_commit": head,
    }


def _compare_page(world: World, repository: Repository, push: Push) -> str:
    full_name = world.full_name(repository)
    change = push.change
    if change.old is None:
        name = change.name.removeprefix(HEADS).removeprefix(TAGS)
        return world.urls.page(full_name, "compare", name)
    span = f"{change.old[:12]}...{(change.new or NULL_SHA)[:12]}"
    return world.urls.page(full_name, "compare", span)
