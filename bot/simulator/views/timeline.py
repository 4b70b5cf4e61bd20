"""What happened to an issue: the entries of its timeline, and as "issue events"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.git import Commit
from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Comment, TimelineEvent
from bot.simulator.records.pulls import Review
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view, maybe_account_view
from bot.simulator.views.apps import maybe_app_view
from bot.simulator.views.comments import comment_view
from bot.simulator.views.commits import commit_view
from bot.simulator.views.issues import issue_reference_view, issue_view
from bot.simulator.views.repositories import repository_view
from bot.simulator.views.reviews import review_payload
from bot.simulator.world import World

ACCOUNTS = {"assignee", "assigner", "requested_reviewer", "review_requester"}
"""The details that name an account by its id."""
ISSUES = {"blocked_by", "blocking", "parent_issue", "sub_issue"}
"""The details that name another issue by its id."""


def issues_named(entry: TimelineEvent) -> list[int]:
    """The ids of the other issues that an entry shows, which not everybody may see."""
    return [id for key, id in entry.details.items() if key in ISSUES or key == "source"]


def entry_view(world: World, entry: TimelineEvent) -> dict[str, Any]:
    """As the lists of one issue show it."""
    full_name = world.full_name(world.tables.repositories[entry.repository_id])
    url = world.urls.repository(full_name)
    sha = entry.commit_id
    return {
        "id": entry.id,
        "node_id": node_id("TimelineEvent", entry.id),
        "url": f"{url}/issues/events/{entry.id}",
        "actor": account_view(world, world.tables.accounts[entry.actor_id]),
        "event": entry.event,
        "commit_id": sha,
        "commit_url": None if sha is None else f"{url}/commits/{sha}",
        "created_at": stamp(entry.created_at),
        **_details(world, entry.details),
        "performed_via_github_app": maybe_app_view(world, entry.app_id),
    }


def issue_event_view(world: World, entry: TimelineEvent) -> dict[str, Any]:
    """As the lists of a whole repository show it: with the issue it happened to."""
    issue = issue_view(world, world.tables.issues[entry.issue_id])
    return entry_view(world, entry) | {"issue": issue}


def comment_entry_view(world: World, comment: Comment) -> dict[str, Any]:
    shown = comment_view(world, comment)
    return shown | {"event": "commented", "actor": shown["user"]}


def cross_reference_view(world: World, entry: TimelineEvent) -> dict[str, Any]:
    """Of an entry whose detail `source` is the id of the issue that refers here."""
    source = world.tables.issues[entry.details["source"]]
    repository = world.tables.repositories[source.repository_id]
    issue = issue_view(world, source) | {"repository": repository_view(world, repository)}
    at = stamp(entry.created_at)
    return {
        "actor": account_view(world, world.tables.accounts[entry.actor_id]),
        "created_at": at,
        "updated_at": at,
        "source": {"type": "issue", "issue": issue},
        "event": entry.event,
    }


def commit_entry_view(world: World, repository: Repository, commit: Commit) -> dict[str, Any]:
    """Of a pull request's commit: its git data."""
    shown = commit_view(world, repository, commit)
    data = shown["commit"]
    return {
        "sha": shown["sha"],
        "node_id": shown["node_id"],
        "url": data["url"],
        "html_url": shown["html_url"],
        **{name: data[name] for name in ("author", "committer", "tree", "message", "verification")},
        "parents": shown["parents"],
        "event": "committed",
    }


def review_entry_view(world: World, review: Review) -> dict[str, Any]:
    return review_payload(world, review) | {"event": "reviewed"}


def _details(world: World, details: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _detail(world, key, value) for key, value in details.items()}


def _detail(world: World, key: str, value: Any) -> Any:
    if key in ACCOUNTS:
        return maybe_account_view(world, value)
    if key in ISSUES:
        issue = world.tables.issues.get(value)
        return None if issue is None else issue_reference_view(world, issue)
    return value
