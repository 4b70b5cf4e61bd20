"""How an account stands to a repository: `author_association`."""

from __future__ import annotations

from bot.simulator.identity.rights import role_of
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def association(world: World, repository: Repository, account_id: int) -> str:
    """MEMBER is who may do more than read in an organization's repository.

    Apps have no role, so their comments show NONE, or CONTRIBUTOR once something was merged.
    """
    if account_id == repository.owner_id:
        return "OWNER"
    role = role_of(world.tables, account_id, repository)
    if role is not None and role != "read" and world.owner(repository).type == "Organization":
        return "MEMBER"
    if role is not None:
        return "COLLABORATOR"
    return "CONTRIBUTOR" if _has_merged(world, repository, account_id) else "NONE"


def _has_merged(world: World, repository: Repository, account_id: int) -> bool:
    tables = world.tables
    return any(
        pull.merged and tables.issues[pull.issue_id].author_id == account_id
        for pull in tables.pulls.where("repository", repository.id)
    )
