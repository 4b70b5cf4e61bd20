"""Pull requests."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.domain.pulls.merge_state import merge_state
from bot.simulator.domain.pulls.publicity import is_published
from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view, maybe_account_view
from bot.simulator.views.associations import association
from bot.simulator.views.labels import label_view, labels_of
from bot.simulator.views.milestones import milestone_view
from bot.simulator.views.repositories import repository_view
from bot.simulator.world import World


def pull_url(world: World, pull: PullRequest) -> str:
    """In the API."""
    full_name = world.full_name(world.tables.repositories[pull.repository_id])
    return f"{world.urls.repository(full_name)}/pulls/{pull.number}"


def pull_page(world: World, pull: PullRequest) -> str:
    full_name = world.full_name(world.tables.repositories[pull.repository_id])
    return world.urls.page(full_name, "pull", pull.number)


def pull_simple_view(world: World, pull: PullRequest) -> dict[str, Any]:
    """As lists and reviews show it."""
    tables = world.tables
    issue = tables.issues[pull.issue_id]
    repository = tables.repositories[pull.repository_id]
    milestone = tables.milestones.get(issue.milestone_id)
    people = [account_view(world, tables.accounts[id]) for id in issue.assignee_ids]
    reviewers = [account_view(world, tables.accounts[id]) for id in pull.requested_reviewer_ids]
    return {
        **_addresses(world, repository, pull),
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "number": pull.number,
        "state": issue.state,
        "locked": issue.locked,
        "title": issue.title,
        "user": account_view(world, tables.accounts[issue.author_id]),
        "body": issue.body,
        "created_at": stamp(pull.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": maybe_stamp(issue.closed_at),
        "merged_at": maybe_stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": people[0] if people else None,
        "assignees": people,
        "requested_reviewers": reviewers,
        "requested_teams": [],
        "labels": [label_view(world, label) for label in labels_of(world, issue)],
        "milestone": None if milestone is None else milestone_view(world, milestone),
        "draft": pull.draft,
        "head": _head(world, pull, issue),
        "base": _end(world, repository, pull.base_ref, pull.base_sha),
        "author_association": association(world, repository, issue.author_id),
        "auto_merge": None,
        "active_lock_reason": issue.lock_reason,
    }


def pull_view(world: World, pull: PullRequest) -> dict[str, Any]:
    """As `GET /pulls/{number}` and the event `pull_request` show it."""
    tables = world.tables
    return pull_simple_view(world, pull) | {
        "merged": pull.merged,
        "mergeable": None if pull.merged else pull.mergeable,
        "rebaseable": None if pull.merged else pull.mergeable,
        "mergeable_state": merge_state(world, pull),
        "merged_by": maybe_account_view(world, pull.merged_by_id),
        "comments": tables.comments.count("issue", pull.issue_id),
        "review_comments": _published_comments(world, pull),
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": pull.commits,
        "additions": pull.additions,
        "deletions": pull.deletions,
        "changed_files": pull.changed_files,
    }


def _published_comments(world: World, pull: PullRequest) -> int:
    comments = world.tables.review_comments.where("pull", pull.id)
    return sum(is_published(world, comment) for comment in comments)


def minimal_pull_view(world: World, pull: PullRequest) -> dict[str, Any]:
    """As check runs and suites and workflow runs name it."""
    tables = world.tables
    return {
        "url": pull_url(world, pull),
        "id": pull.id,
        "number": pull.number,
        "head": _minimal_end(
            world, tables.repositories.get(pull.head_repository_id), pull.head_ref, pull.head_sha
        ),
        "base": _minimal_end(
            world, tables.repositories[pull.repository_id], pull.base_ref, pull.base_sha
        ),
    }


def _minimal_end(world: World, repository: Repository | None, ref: str, sha: str) -> dict[str, Any]:
    repo = None
    if repository is not None:
        url = world.urls.repository(world.full_name(repository))
        repo = {"id": repository.id, "url": url, "name": repository.name}
    return {"ref": ref, "sha": sha, "repo": repo}


def _addresses(world: World, repository: Repository, pull: PullRequest) -> dict[str, Any]:
    full_name = world.full_name(repository)
    api = world.urls.repository(full_name)
    url = f"{api}/pulls/{pull.number}"
    issue_url = f"{api}/issues/{pull.number}"
    page = world.urls.page(full_name, "pull", pull.number)
    further = {
        "comments": f"{issue_url}/comments",
        "commits": f"{url}/commits",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "review_comments": f"{url}/comments",
        "statuses": f"{api}/statuses/{pull.head_sha}",
    }
    links = {"self": url, "html": page, "issue": issue_url, **further}
    return {
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        **{f"{name}_url": address for name, address in further.items()},
        "_links": {name: {"href": address} for name, address in links.items()},
    }


def _head(world: World, pull: PullRequest, issue: Issue) -> dict[str, Any]:
    repository = world.tables.repositories.get(pull.head_repository_id)
    if repository is not None:
        return _end(world, repository, pull.head_ref, pull.head_sha)
    author = world.tables.accounts[issue.author_id]
    return {
        "label": f"{author.login}:{pull.head_ref}",
        "ref": pull.head_ref,
        "sha": pull.head_sha,
        "user": account_view(world, author),
        "repo": None,
    }


def _end(world: World, repository: Repository, ref: str, sha: str) -> dict[str, Any]:
    owner = world.owner(repository)
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": account_view(world, owner),
        "repo": repository_view(world, repository),
    }
