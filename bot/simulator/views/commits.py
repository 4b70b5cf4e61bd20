"""Commits and the files they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.simulator.git import Commit, FileChange, Person
from bot.simulator.identity.emails import account_with_email
from bot.simulator.nodes import git_node_id
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view
from bot.simulator.world import World


def readable(path: str) -> str:
    """A path as JSON can hold it: bytes that are not UTF-8 become replacement characters."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


def quoted(path: str) -> str:
    """A path in a URL, byte for byte."""
    return quote(path.encode(errors="surrogateescape"))


def person_view(person: Person) -> dict[str, Any]:
    return {"name": person.name, "email": person.email, "date": person.date}


def verification_view(commit: Commit | None = None) -> dict[str, Any]:
    """No key is known here, so a signature is there but says nothing."""
    signature = None if commit is None else commit.signature
    return {
        "verified": False,
        "reason": "unsigned" if signature is None else "unknown_key",
        "signature": signature,
        "payload": None,
        "verified_at": None,
    }


def commit_view(world: World, repository: Repository, commit: Commit) -> dict[str, Any]:
    """As lists, comparisons and branches show it."""
    full_name = world.full_name(repository)
    api = world.urls.repository(full_name)
    url = f"{api}/commits/{commit.sha}"
    return {
        "sha": commit.sha,
        "node_id": git_node_id("commit", repository.id, commit.sha),
        "commit": {
            "author": person_view(commit.author),
            "committer": person_view(commit.committer),
            "message": commit.message.removesuffix("\n"),
            "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
            "url": f"{api}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": verification_view(commit),
        },
        "url": url,
        "html_url": world.urls.page(full_name, "commit", commit.sha),
        "comments_url": f"{url}/comments",
        "author": _account(world, commit.author),
        "committer": _account(world, commit.committer),
        "parents": [
            {
                "sha": sha,
                "url": f"{api}/commits/{sha}",
                "html_url": world.urls.page(full_name, "commit", sha),
            }
            for sha in commit.parents
        ],
    }


def whole_commit_view(
    world: World,
    repository: Repository,
    commit: Commit,
    changes: Sequence[FileChange],
    shown: Sequence[FileChange],
) -> dict[str, Any]:
    """As `GET /commits/{ref}` shows it: the counts are of all changes, the files one page."""
    additions = sum(change.additions for change in changes)
    deletions = sum(change.deletions for change in changes)
    return commit_view(world, repository, commit) | {
        "stats": {"total": additions + deletions, "additions": additions, "deletions": deletions},
        "files": [file_change_view(world, repository, commit.sha, c) for c in shown],
    }


def file_change_view(
    world: World, repository: Repository, sha: str, change: FileChange
) -> dict[str, Any]:
    """A "diff entry": a file that differs in commit `sha`."""
    full_name = world.full_name(repository)
    path = quoted(change.filename)
    view: dict[str, Any] = {
        "sha": change.sha,
        "filename": readable(change.filename),
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.changes,
        "blob_url": f"{world.urls.page(full_name, 'blob', sha)}/{path}",
        "raw_url": f"{world.urls.page(full_name, 'raw', sha)}/{path}",
        "contents_url": f"{world.urls.repository(full_name)}/contents/{path}?ref={sha}",
    }
    if change.patch is not None:
        view["patch"] = change.patch
    if change.previous is not None:
        view["previous_filename"] = readable(change.previous)
    return view


def _account(world: World, person: Person) -> dict[str, Any] | None:
    account = account_with_email(world.tables, person.email)
    return None if account is None else account_view(world, account)
