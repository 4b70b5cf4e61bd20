"""What a caller may do in a repository."""

from __future__ import annotations

from bot.simulator.errors import ApiError, not_accessible
from bot.simulator.identity.caller import Caller
from bot.simulator.records.accounts import Level
from bot.simulator.records.apps import Installation
from bot.simulator.records.repositories import ROLES, Repository, Role
from bot.simulator.state.tables import Tables

_LEVELS: tuple[Level, ...] = ("read", "write", "admin")


def role_of(tables: Tables, account_id: int | None, repository: Repository) -> Role | None:
    """The role of a person; None for who has none, though a public repository is readable."""
    if account_id is None:
        return None
    if account_id == repository.owner_id:
        return "admin"
    found = tables.collaborators.one("one", (repository.id, account_id))
    return None if found is None else found.role


def has_role(tables: Tables, caller: Caller, repository: Repository, needed: Role) -> bool:
    """Whether a user has at least this role. Everybody may read what is public."""
    if caller.actor is None or not caller.is_user:
        return needed == "read" and not repository.private
    role = role_of(tables, caller.actor.id, repository)
    if role is None:
        return needed == "read" and not repository.private
    return ROLES.index(role) >= ROLES.index(needed)


def covers(installation: Installation, repository: Repository) -> bool:
    """Whether an App is installed on this repository, too."""
    if repository.owner_id != installation.account_id:
        return False
    everywhere = installation.repository_selection == "all"
    return everywhere or repository.id in installation.repository_ids


def reaches(caller: Caller, repository: Repository) -> bool:
    """Whether an App's token covers this repository at all."""
    if caller.token is None or caller.installation is None:
        return False
    named = caller.token.repository_ids
    if named is not None and repository.id not in named:
        return False
    return covers(caller.installation, repository)


def has_permission(caller: Caller, repository: Repository, name: str, level: Level) -> bool:
    """Whether an App's token has `level` of the permission `name` here."""
    if not reaches(caller, repository) or caller.token is None:
        return False
    if name == "metadata":
        return level == "read"
    granted = caller.token.permissions.get(name)
    return granted is not None and _LEVELS.index(granted) >= _LEVELS.index(level)


def may_write_workflows(caller: Caller, repository: Repository) -> bool:
    """Whether the caller may change files below `.github/workflows`; people may."""
    return not caller.is_bot or has_permission(caller, repository, "workflows", "write")


def may_see(tables: Tables, caller: Caller, repository: Repository) -> bool:
    """Whether the repository exists for this caller; else the answer is 404."""
    if not repository.private:
        return True
    if caller.is_bot:
        return reaches(caller, repository)
    return caller.is_user and has_role(tables, caller, repository, "read")


_NEVER_PUBLIC = ("administration", "actions_variables", "secrets", "repository_hooks")
"""What needs its permission even where everybody may read the repository."""


def can(
    tables: Tables,
    caller: Caller,
    repository: Repository,
    permission: str,
    level: Level,
    role: Role,
) -> bool:
    """Apps need `level` of `permission`, people the `role`."""
    if caller.is_bot:
        if level == "read" and not repository.private and permission not in _NEVER_PUBLIC:
            return True
        return has_permission(caller, repository, permission, level)
    return has_role(tables, caller, repository, role)


def require(
    tables: Tables,
    caller: Caller,
    repository: Repository,
    permission: str,
    level: Level,
    role: Role | None = None,
) -> None:
    """Refuses unless the caller may. Without `role`, people need the one named as the level.

    Raises:
        ApiError: 401 for nobody, 403 for who lacks the right and for a write to an archive.
    """
    if level != "read" and caller.actor is None:
        raise ApiError(401, "Requires authentication")
    if caller.is_app_itself:
        raise ApiError(401, "A JSON web token could not be decoded")
    if not can(tables, caller, repository, permission, level, role or level):
        if caller.is_bot:
            raise not_accessible()
        raise ApiError(403, "Must have admin rights to Repository.")
    if level != "read" and repository.archived:
        raise ApiError(403, "Repository was archived so is read-only.")
