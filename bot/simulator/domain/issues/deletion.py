"""Deleting issues, with all that hangs on them."""

from __future__ import annotations

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.issues.reactions import forget_reactions
from bot.simulator.domain.issues.rights import require_write
from bot.simulator.errors import not_accessible
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue, Tombstone
from bot.simulator.records.repositories import Repository
from bot.simulator.views.issues import issue_view
from bot.simulator.world import World


def delete_issue(world: World, caller: Caller, repository: Repository, issue: Issue) -> None:
    """Only admins may, and pull requests cannot be deleted; the number answers 410 from then on.

    Raises:
        ApiError: 401 or 403.
    """
    require_write(world, caller, repository, "admin", issue)
    if issue.pull_id is not None or caller.is_bot:
        raise not_accessible()
    shown = issue_view(world, issue)
    _forget(world, issue)
    tables = world.tables
    tables.tombstones.add(
        Tombstone(id=tables.next_id(), repository_id=repository.id, number=issue.number)
    )
    tell(world, "issues", "deleted", caller, repository, issue=shown)


def _forget(world: World, issue: Issue) -> None:
    tables = world.tables
    for comment in tables.comments.where("issue", issue.id):
        forget_reactions(world, "comment", comment.id)
        tables.comments.remove(comment)
    forget_reactions(world, "issue", issue.id)
    for entry in tables.timeline.where("issue", issue.id):
        tables.timeline.remove(entry)
    unrelate(world, issue)
    tables.issues.remove(issue)


def unrelate(world: World, issue: Issue) -> None:
    """From its parent, its sub-issues and its dependencies; nobody is told."""
    tables = world.tables
    for key in ("blocked", "blocking"):
        for dependency in tables.dependencies.where(key, issue.id):
            tables.dependencies.remove(dependency)
    for child in tables.issues.where("parent", issue.id):
        child.parent_id = None
        tables.issues.save(child)
    parent = tables.issues.get(issue.parent_id)
    if parent is not None:
        parent.sub_issue_ids.remove(issue.id)
        tables.issues.save(parent)
