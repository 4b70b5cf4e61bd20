"""Repositories."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.domain.repositories.networks import members_of, root_of
from bot.simulator.identity.rights import role_of
from bot.simulator.nodes import node_id
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import ROLES, Repository, Role
from bot.simulator.views.accounts import account_view
from bot.simulator.world import World

_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def minimal_repository_view(world: World, repository: Repository) -> dict[str, Any]:
    """What every form of a repository has: names, owner, addresses."""
    full_name = world.full_name(repository)
    url = world.urls.repository(full_name)
    return {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.private,
        "owner": account_view(world, world.owner(repository)),
        "html_url": world.urls.page(full_name),
        "description": repository.description,
        "fork": repository.fork_of_id is not None,
        "url": url,
        **{key: url + end for key, end in _LINKS.items()},
    }


_NOTHING: dict[str, Any] = {
    "mirror_url": None,
    "size": 0,
    "stargazers_count": 0,
    "watchers_count": 0,
    "has_downloads": True,
    "has_pages": False,
    "has_discussions": False,
    "disabled": False,
    "license": None,
    "allow_forking": True,
    "is_template": False,
    "web_commit_signoff_required": False,
    "watchers": 0,
}
"""What the simulator has none of."""


def repository_view(world: World, repository: Repository) -> dict[str, Any]:
    """As in webhook payloads and lists."""
    full_name = world.full_name(repository)
    clone = world.urls.clone(full_name)
    tables = world.tables
    open_issues = tables.issues.count("state", (repository.id, "open"))
    forks = tables.repositories.count("fork_of", repository.id)
    return (
        minimal_repository_view(world, repository)
        | _NOTHING
        | {
            "created_at": stamp(repository.created_at),
            "updated_at": stamp(repository.updated_at),
            "pushed_at": stamp(repository.pushed_at),
            "git_url": clone.replace("http://", "git://", 1),
            "ssh_url": f"git@localhost:{full_name}.git",
            "clone_url": clone,
            "svn_url": world.urls.page(full_name),
            "homepage": repository.homepage,
            "language": repository.language,
            "has_issues": repository.has_issues,
            "has_projects": repository.has_projects,
            "has_wiki": repository.has_wiki,
            "forks_count": forks,
            "archived": repository.archived,
            "open_issues_count": open_issues,
            "topics": repository.topics,
            "visibility": "private" if repository.private else "public",
            "forks": forks,
            "open_issues": open_issues,
            "default_branch": repository.default_branch,
        }
    )


def full_repository_view(
    world: World, repository: Repository, viewer: Account | None, *, settings: bool = False
) -> dict[str, Any]:
    """As `GET /repos/{owner}/{repo}` gives it to `viewer`.

    How it merges is shown to who may push; `settings` says that of an App.
    """
    permissions = permissions_view(
        role_of(world.tables, None if viewer is None else viewer.id, repository)
    )
    view = repository_view(world, repository) | {
        "temp_clone_token": None,
        "network_count": len(members_of(world, repository)) - 1,
        "subscribers_count": 0,
        "permissions": permissions | {"pull": permissions["pull"] or not repository.private},
    }
    owner = world.owner(repository)
    if owner.type == "Organization":
        view["organization"] = account_view(world, owner)
    if settings or permissions["push"]:
        view |= _settings(repository)
    parent = world.tables.repositories.get(repository.fork_of_id)
    if parent is not None:
        view["parent"] = repository_view(world, parent)
        view["source"] = repository_view(world, root_of(world, repository))
    return view


def permissions_view(role: Role | None) -> dict[str, bool]:
    """What a role includes, by GitHub's older names."""
    rank = -1 if role is None else ROLES.index(role)
    return {
        "admin": rank >= ROLES.index("admin"),
        "maintain": rank >= ROLES.index("maintain"),
        "push": rank >= ROLES.index("write"),
        "triage": rank >= ROLES.index("triage"),
        "pull": rank >= 0,
    }


def _settings(repository: Repository) -> dict[str, Any]:
    return {
        "allow_merge_commit": repository.allow_merge_commit,
        "allow_squash_merge": repository.allow_squash_merge,
        "allow_rebase_merge": repository.allow_rebase_merge,
        "allow_auto_merge": repository.allow_auto_merge,
        "allow_update_branch": repository.allow_update_branch,
        "delete_branch_on_merge": repository.delete_branch_on_merge,
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "merge_commit_title": "MERGE_MESSAGE",
        "merge_commit_message": "PR_TITLE",
    }
