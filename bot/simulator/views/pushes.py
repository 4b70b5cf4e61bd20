"""What the event `push` says of commits and of the repository."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bot.simulator.git import Commit, PathChanges, Person
from bot.simulator.identity.emails import account_with_email
from bot.simulator.records.repositories import Repository
from bot.simulator.views.commits import readable
from bot.simulator.views.repositories import repository_view
from bot.simulator.world import World

NOTHING = PathChanges()


def pushed_commit_view(
    world: World,
    repository: Repository,
    commit: Commit,
    paths: PathChanges = NOTHING,
    *,
    distinct: bool = True,
) -> dict[str, Any]:
    """`distinct` says that no other branch had the commit before."""
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": distinct,
        "message": commit.message.removesuffix("\n"),
        "timestamp": commit.committer.when.isoformat(timespec="seconds"),
        "url": world.urls.page(world.full_name(repository), "commit", commit.sha),
        "author": _person(world, commit.author),
        "committer": _person(world, commit.committer),
        "added": _names(paths.added),
        "removed": _names(paths.removed),
        "modified": _names(paths.modified),
    }


def pushed_repository_view(world: World, repository: Repository) -> dict[str, Any]:
    """Like that of other events, but with times as numbers and more about the owner."""
    owner = world.owner(repository)
    view = repository_view(world, repository)
    extra = {"organization": owner.login} if owner.type == "Organization" else {}
    return view | {
        "owner": {"name": owner.login, "email": owner.email, **view["owner"]},
        "created_at": int(repository.created_at.timestamp()),
        "pushed_at": int(repository.pushed_at.timestamp()),
        "url": world.urls.page(world.full_name(repository)),
        "stargazers": 0,
        "master_branch": repository.default_branch,
        **extra,
    }


def _person(world: World, person: Person) -> dict[str, Any]:
    account = account_with_email(world.tables, person.email)
    known = {} if account is None else {"username": account.login}
    return {"name": person.name, "email": person.email, "date": person.date, **known}


def _names(paths: Collection[str]) -> list[str]:
    return [readable(path) for path in paths]
