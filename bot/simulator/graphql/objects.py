"""Accounts, commits, refs and repositories, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.domain.checks.results import results_at
from bot.simulator.errors import ApiError
from bot.simulator.git import Commit, UnknownObject
from bot.simulator.graphql.bounds import connection
from bot.simulator.graphql.scope import Scope, missing
from bot.simulator.identity.rights import can, role_of
from bot.simulator.nodes import git_node_id, node_id
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Label, Repository
from bot.simulator.views.accounts import account_view
from bot.simulator.views.labels import label_view
from bot.simulator.world import World

Arguments = dict[str, Any]


@dataclass(frozen=True)
class CommitRow:
    """A commit in its repository."""

    repository: Repository
    commit: Commit


@dataclass(frozen=True)
class RefRow:
    """`name` is the full one."""

    repository: Repository
    name: str
    sha: str


def path_of(world: World, url: str) -> str:
    return url.removeprefix(world.urls.base)


async def commit_row(scope: Scope, repository: Repository, sha: str | None) -> CommitRow | None:
    if sha is None:
        return None
    try:
        return CommitRow(repository, await scope.world.git(repository).commit(sha))
    except UnknownObject:
        return None


def ref_row(scope: Scope, repository: Repository, name: str) -> RefRow | None:
    """`name` is `main`, `heads/main` or `refs/heads/main`."""
    for full in (name, f"refs/{name}", f"refs/heads/{name}"):
        sha = scope.world.git(repository).ref(full)
        if sha is not None and full.startswith("refs/"):
            return RefRow(repository, full, sha)
    return None


def rollup(scope: Scope, repository: Repository, sha: str) -> dict[str, str] | None:
    """None where nothing was said of the commit."""
    outcomes = {result.outcome for result in results_at(scope.world, repository, sha)}
    if not outcomes:
        return None
    if "failure" in outcomes:
        return {"state": "FAILURE"}
    return {"state": "PENDING" if "pending" in outcomes else "SUCCESS"}


def _page(scope: Scope, account: Account) -> str:
    return str(account_view(scope.world, account)["html_url"])


ACCOUNT = {
    "id": lambda scope, row, _: node_id(row.type, row.id),
    "databaseId": lambda scope, row, _: row.id,
    "email": lambda scope, row, _: row.email or "",
    "url": lambda scope, row, _: _page(scope, row),
    "resourcePath": lambda scope, row, _: path_of(scope.world, _page(scope, row)),
    "avatarUrl": lambda scope, row, _: account_view(scope.world, row)["avatar_url"],
}
BOT = ACCOUNT | {"login": lambda scope, row, _: row.login.removesuffix("[bot]")}
"""REST alone writes the suffix; `viewer`, which is a user by its type, has it, too."""


async def _target(scope: Scope, ref: RefRow, _: Arguments) -> CommitRow | None:
    git = scope.world.git(ref.repository)
    try:
        return await commit_row(scope, ref.repository, await git.resolve(ref.sha))
    except UnknownObject:
        return None


COMMIT = {
    "id": lambda scope, row, _: git_node_id("commit", row.repository.id, row.commit.sha),
    "oid": lambda scope, row, _: row.commit.sha,
    "abbreviatedOid": lambda scope, row, _: row.commit.sha[:7],
    "message": lambda scope, row, _: row.commit.message.removesuffix("\n"),
    "messageHeadline": lambda scope, row, _: row.commit.message.partition("\n")[0],
    "committedDate": lambda scope, row, _: row.commit.committer.date,
    "authoredDate": lambda scope, row, _: row.commit.author.date,
    "url": lambda scope, row, _: scope.world.urls.page(
        scope.world.full_name(row.repository), "commit", row.commit.sha
    ),
    "statusCheckRollup": lambda scope, row, _: rollup(scope, row.repository, row.commit.sha),
}
REF = {
    "id": lambda scope, row, _: git_node_id("ref", row.repository.id, row.name),
    "name": lambda scope, row, _: row.name.split("/", 2)[-1],
    "prefix": lambda scope, row, _: "/".join(row.name.split("/", 2)[:2]) + "/",
    "target": _target,
}
LABEL = {
    "id": lambda scope, row, _: node_id("Label", row.id),
    "isDefault": lambda scope, row, _: row.default,
    "url": lambda scope, row, _: label_view(scope.world, row)["url"],
}


def _url(scope: Scope, row: Repository) -> str:
    return scope.world.urls.page(scope.world.full_name(row))


def _permission(scope: Scope, row: Repository, _: Arguments) -> str | None:
    role = role_of(scope.tables, scope.actor().id, row)
    if role is None:
        return None if row.private else "READ"
    return role.upper()


async def _object(scope: Scope, row: Repository, arguments: Arguments) -> CommitRow | None:
    """Of commits only; files are read over REST."""
    revision = arguments.get("oid") or arguments.get("expression") or ""
    try:
        return await commit_row(scope, row, await scope.world.git(row).resolve(revision))
    except UnknownObject:
        return None


def _label(scope: Scope, row: Repository, arguments: Arguments) -> Label | None:
    return scope.tables.labels.one("name", (row.id, arguments["name"].lower()))


def _numbered(scope: Scope, row: Repository, number: int) -> Issue | None:
    return scope.tables.issues.one("number", (row.id, number))


def _require(scope: Scope, row: Repository, permission: str) -> None:
    if not can(scope.tables, scope.caller, row, permission, "read", "read"):
        raise ApiError(403, "Resource not accessible by integration")


def _issue(scope: Scope, row: Repository, arguments: Arguments) -> Issue:
    _require(scope, row, "issues")
    found = _numbered(scope, row, arguments["number"])
    if found is None or found.pull_id is not None:
        raise missing("an Issue", f"number of {arguments['number']}")
    return found


def _pull(scope: Scope, row: Repository, arguments: Arguments) -> Any:
    _require(scope, row, "pull_requests")
    found = scope.tables.pulls.one("number", (row.id, arguments["number"]))
    if found is None:
        raise missing("a PullRequest", f"number of {arguments['number']}")
    return found


def _either(scope: Scope, row: Repository, arguments: Arguments) -> Any:
    found = _numbered(scope, row, arguments["number"])
    if found is None:
        raise missing("an issue or pull request", f"number of {arguments['number']}")
    return (_issue if found.pull_id is None else _pull)(scope, row, arguments)


def _issues(scope: Scope, row: Repository, arguments: Arguments) -> dict[str, Any]:
    _require(scope, row, "issues")
    states = arguments.get("states") or ["OPEN", "CLOSED"]
    found = [
        issue
        for issue in scope.tables.issues.where("repository", row.id)
        if issue.pull_id is None
        and issue.state.upper() in states
        and has_label(scope, issue, arguments.get("labels"))
    ]
    return connection("issues", found, arguments)


def has_label(scope: Scope, issue: Issue, names: list[str] | None) -> bool:
    """Whether it has one of these, if any are asked for."""
    if not names:
        return True
    wanted = {name.lower() for name in names}
    return any(scope.tables.labels[id].name.lower() in wanted for id in issue.label_ids)


def _pulls(scope: Scope, row: Repository, arguments: Arguments) -> dict[str, Any]:
    _require(scope, row, "pull_requests")
    found = scope.tables.pulls.where("repository", row.id)
    states = arguments.get("states")
    if states:
        found = [pull for pull in found if pull_state(scope, pull) in states]
    for argument, field in (("headRefName", "head_ref"), ("baseRefName", "base_ref")):
        if arguments.get(argument):
            found = [pull for pull in found if getattr(pull, field) == arguments[argument]]
    named = arguments.get("labels")
    found = [p for p in found if has_label(scope, scope.tables.issues[p.issue_id], named)]
    return connection("pullRequests", found, arguments)


def pull_state(scope: Scope, pull: Any) -> str:
    return "MERGED" if pull.merged else scope.tables.issues[pull.issue_id].state.upper()


REPOSITORY = {
    "id": lambda scope, row, _: node_id("Repository", row.id),
    "databaseId": lambda scope, row, _: row.id,
    "nameWithOwner": lambda scope, row, _: scope.world.full_name(row),
    "owner": lambda scope, row, _: scope.world.owner(row),
    "isPrivate": lambda scope, row, _: row.private,
    "isArchived": lambda scope, row, _: row.archived,
    "isFork": lambda scope, row, _: row.fork_of_id is not None,
    "url": lambda scope, row, _: _url(scope, row),
    "resourcePath": lambda scope, row, _: path_of(scope.world, _url(scope, row)),
    "createdAt": lambda scope, row, _: stamp(row.created_at),
    "updatedAt": lambda scope, row, _: stamp(row.updated_at),
    "pushedAt": lambda scope, row, _: stamp(row.pushed_at),
    "defaultBranchRef": lambda scope, row, _: ref_row(scope, row, row.default_branch),
    "viewerPermission": _permission,
    "mergeCommitAllowed": lambda scope, row, _: row.allow_merge_commit,
    "squashMergeAllowed": lambda scope, row, _: row.allow_squash_merge,
    "rebaseMergeAllowed": lambda scope, row, _: row.allow_rebase_merge,
    "autoMergeAllowed": lambda scope, row, _: row.allow_auto_merge,
    "ref": lambda scope, row, arguments: ref_row(scope, row, arguments["qualifiedName"]),
    "object": _object,
    "label": _label,
    "issue": _issue,
    "pullRequest": _pull,
    "issueOrPullRequest": _either,
    "issues": _issues,
    "pullRequests": _pulls,
}
