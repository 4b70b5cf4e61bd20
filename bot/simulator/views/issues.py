"""Issues, pull requests among them where they are shown as issues."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest
from bot.simulator.views.accounts import account_view, maybe_account_view
from bot.simulator.views.apps import maybe_app_view
from bot.simulator.views.associations import association
from bot.simulator.views.labels import label_view, labels_of
from bot.simulator.views.milestones import milestone_view
from bot.simulator.views.reactions import reaction_rollup
from bot.simulator.views.repositories import minimal_repository_view
from bot.simulator.world import World


def issue_url(world: World, issue: Issue) -> str:
    """In the API."""
    full_name = world.full_name(world.tables.repositories[issue.repository_id])
    return f"{world.urls.repository(full_name)}/issues/{issue.number}"


def issue_page(world: World, issue: Issue) -> str:
    full_name = world.full_name(world.tables.repositories[issue.repository_id])
    kind = "issues" if issue.pull_id is None else "pull"
    return world.urls.page(full_name, kind, issue.number)


def issue_view(world: World, issue: Issue) -> dict[str, Any]:
    """As `GET /issues/{number}`, lists and webhook payloads show it."""
    tables = world.tables
    repository = tables.repositories[issue.repository_id]
    url = issue_url(world, issue)
    parent = tables.issues.get(issue.parent_id)
    milestone = tables.milestones.get(issue.milestone_id)
    people = [account_view(world, tables.accounts[id]) for id in issue.assignee_ids]
    return {
        **_addresses(world, issue, url),
        **_identity(issue),
        "number": issue.number,
        "title": issue.title,
        "user": maybe_account_view(world, issue.author_id),
        "labels": [label_view(world, label) for label in labels_of(world, issue)],
        "state": issue.state,
        "locked": issue.locked,
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": None if milestone is None else milestone_view(world, milestone),
        "comments": tables.comments.count("issue", issue.id),
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": maybe_stamp(issue.closed_at),
        "author_association": association(world, repository, issue.author_id),
        "type": None,
        "active_lock_reason": issue.lock_reason,
        "sub_issues_summary": _sub_issues_summary(world, issue),
        "issue_dependencies_summary": _dependencies_summary(world, issue),
        "parent_issue_url": None if parent is None else issue_url(world, parent),
        **_as_pull(world, issue),
        "body": issue.body,
        "closed_by": maybe_account_view(world, issue.closed_by_id),
        "reactions": reaction_rollup(world, "issue", issue.id, url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": maybe_app_view(world, issue.app_id),
        "state_reason": issue.state_reason,
        "pinned_comment": None,
    }


def issue_reference_view(world: World, issue: Issue) -> dict[str, Any]:
    """As the events of related issues name it."""
    repository = world.tables.repositories[issue.repository_id]
    return {
        "number": issue.number,
        "title": issue.title,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "repository": minimal_repository_view(world, repository),
        "issue_type": None,
    }


def _addresses(world: World, issue: Issue, url: str) -> dict[str, Any]:
    return {
        "url": url,
        "repository_url": url.rsplit("/issues/", 1)[0],
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": issue_page(world, issue),
    }


def _identity(issue: Issue) -> dict[str, Any]:
    """A pull request has an id as an issue, but one node."""
    kind, id = ("Issue", issue.id) if issue.pull_id is None else ("PullRequest", issue.pull_id)
    return {"id": issue.id, "node_id": node_id(kind, id)}


def _as_pull(world: World, issue: Issue) -> dict[str, Any]:
    """The keys which only a pull request has."""
    pull: PullRequest | None = world.tables.pulls.get(issue.pull_id)
    if pull is None:
        return {}
    page = issue_page(world, issue)
    return {
        "draft": pull.draft,
        "pull_request": {
            "url": issue_url(world, issue).replace("/issues/", "/pulls/"),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": maybe_stamp(pull.merged_at),
        },
    }


def _sub_issues_summary(world: World, issue: Issue) -> dict[str, int]:
    children = [world.tables.issues[id] for id in issue.sub_issue_ids]
    done = sum(child.state == "closed" for child in children)
    percent = done * 100 // len(children) if children else 0
    return {"total": len(children), "completed": done, "percent_completed": percent}


def _dependencies_summary(world: World, issue: Issue) -> dict[str, int]:
    """`blocked_by` and `blocking` count only issues that are open."""
    tables = world.tables
    before = [tables.issues[d.blocking_id] for d in tables.dependencies.where("blocked", issue.id)]
    after = [tables.issues[d.blocked_id] for d in tables.dependencies.where("blocking", issue.id)]
    return {
        "blocked_by": sum(other.state == "open" for other in before),
        "blocking": sum(other.state == "open" for other in after),
        "total_blocked_by": len(before),
        "total_blocking": len(after),
    }
