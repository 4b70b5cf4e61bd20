"""The labels of a repository."""

from __future__ import annotations

import re
from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.errors import ApiError, invalid, too_long
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import can, require
from bot.simulator.records.repositories import Label, Repository
from bot.simulator.views.labels import label_view
from bot.simulator.world import World

MAX_NAME = 50
MAX_DESCRIPTION = 100
PLAIN = "ededed"
"""The colour of a label made without one."""


def find_label(world: World, repository: Repository, name: str) -> Label | None:
    return world.tables.labels.one("name", (repository.id, name.lower()))


def create_label(
    world: World,
    caller: Caller,
    repository: Repository,
    name: str,
    color: str | None = None,
    description: str | None = None,
) -> Label:
    """Raises:
    ApiError: 401, 403, or 422 for a name that is taken or a colour that is none.
    """
    require(world.tables, caller, repository, "issues", "write")
    _check(world, repository, None, name, color, description)
    row = Label(
        id=world.tables.next_id(),
        repository_id=repository.id,
        name=name.strip(),
        color=(color or PLAIN).lower(),
        description=description or None,
    )
    world.tables.labels.add(row)
    tell(world, "label", "created", caller, repository, label=label_view(world, row))
    return row


def check_missing(world: World, caller: Caller, repository: Repository, name: str) -> None:
    """Whether a label that somebody uses before it is there can be made.

    Raises:
        ApiError: 403 for who may set labels but not make them, 422 for what is no name.
    """
    if not can(world.tables, caller, repository, "issues", "write", "write"):
        refusal = {"resource": "Repository", "field": "label", "code": "unauthorized"}
        raise ApiError(
            403, "You do not have permission to create labels on this repository.", [refusal]
        )
    _check(world, repository, None, name, None, None)


def edit_label(
    world: World,
    caller: Caller,
    repository: Repository,
    label: Label,
    *,
    name: str | None = None,
    color: str | None = None,
    description: str | None = None,
) -> Label:
    """None leaves a field as it is. Raises as `create_label` does."""
    require(world.tables, caller, repository, "issues", "write")
    _check(world, repository, label, name, color, description)
    wanted = {
        "name": label.name if name is None else name.strip(),
        "color": label.color if color is None else color.lower(),
        "description": label.description if description is None else description or None,
    }
    changes: dict[str, Any] = {
        field: {"from": getattr(label, field) or ""}
        for field, value in wanted.items()
        if value != getattr(label, field)
    }
    for field in changes:
        setattr(label, field, wanted[field])
    world.tables.labels.save(label)
    if changes:
        shown = label_view(world, label)
        tell(world, "label", "edited", caller, repository, label=shown, changes=changes)
    return label


def delete_label(world: World, caller: Caller, repository: Repository, label: Label) -> None:
    """Also takes it off every issue, of which GitHub tells nobody."""
    require(world.tables, caller, repository, "issues", "write")
    shown = label_view(world, label)
    for issue in world.tables.issues.where("repository", repository.id):
        if label.id in issue.label_ids:
            issue.label_ids.remove(label.id)
            world.tables.issues.save(issue)
    world.tables.labels.remove(label)
    tell(world, "label", "deleted", caller, repository, label=shown)


def _check(
    world: World,
    repository: Repository,
    label: Label | None,
    name: str | None,
    color: str | None,
    description: str | None,
) -> None:
    if name is not None:
        if not name.strip():
            raise invalid("Label", "name", "missing_field")
        if len(name) > MAX_NAME:
            raise too_long("Label", "name", MAX_NAME)
        found = find_label(world, repository, name.strip())
        if found is not None and found is not label:
            raise invalid("Label", "name", "already_exists")
    if color is not None and not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        raise invalid("Label", "color")
    if description is not None and len(description) > MAX_DESCRIPTION:
        raise too_long("Label", "description", MAX_DESCRIPTION)
