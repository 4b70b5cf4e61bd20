"""Setting labels on issues: one timeline entry and one event for each label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.simulator.domain.issue_events import tell_issue
from bot.simulator.domain.issue_rights import require_write
from bot.simulator.domain.labels import create_missing, find_label
from bot.simulator.domain.timeline import note, touch
from bot.simulator.errors import ApiError, invalid
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Label, Repository
from bot.simulator.views.labels import label_view, labels_of
from bot.simulator.world import World

MAX_LABELS = 100
"""On one issue."""


def add_labels(
    world: World, caller: Caller, repository: Repository, issue: Issue, names: Sequence[str]
) -> None:
    """Raises:
    ApiError: 401, 403, or 422 for what cannot be a label's name.
    """
    require_write(world, caller, repository, "triage", issue)
    labels = labels_named(world, caller, repository, names)
    missing = [label for label in labels if label.id not in issue.label_ids]
    if len(issue.label_ids) + len(missing) > MAX_LABELS:
        raise invalid("Issue", "labels", "custom", f"labels are limited to {MAX_LABELS}")
    _attach(world, caller, repository, issue, missing)


def set_labels(
    world: World, caller: Caller, repository: Repository, issue: Issue, names: Sequence[str]
) -> None:
    """Makes `names` the issue's labels. Raises as `add_labels` does."""
    require_write(world, caller, repository, "triage", issue)
    wanted = labels_named(world, caller, repository, names)
    if len(wanted) > MAX_LABELS:
        raise invalid("Issue", "labels", "custom", f"labels are limited to {MAX_LABELS}")
    had = labels_of(world, issue)
    _detach(world, caller, repository, issue, [x for x in had if x not in wanted])
    _attach(world, caller, repository, issue, [x for x in wanted if x not in had])


def remove_label(
    world: World, caller: Caller, repository: Repository, issue: Issue, name: str
) -> None:
    """Raises:
    ApiError: 401, 403, or 404 when the issue does not have the label.
    """
    require_write(world, caller, repository, "triage", issue)
    label = find_label(world, repository, name)
    if label is None or label.id not in issue.label_ids:
        raise ApiError(404, "Label does not exist")
    _detach(world, caller, repository, issue, [label])


def labels_named(
    world: World, caller: Caller, repository: Repository, names: Iterable[str]
) -> list[Label]:
    """Each once, in their order; those that are missing are made."""
    found: dict[int, Label] = {}
    for name in names:
        label = find_label(world, repository, name.strip())
        if label is None:
            label = create_missing(world, caller, repository, name)
        found[label.id] = label
    return list(found.values())


def _attach(
    world: World, caller: Caller, repository: Repository, issue: Issue, labels: Iterable[Label]
) -> None:
    for label in labels:
        issue.label_ids.append(label.id)
        note_label(world, caller, repository, issue, label, "labeled")


def _detach(
    world: World, caller: Caller, repository: Repository, issue: Issue, labels: Iterable[Label]
) -> None:
    for label in labels:
        issue.label_ids.remove(label.id)
        note_label(world, caller, repository, issue, label, "unlabeled")


def note_label(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    label: Label,
    event: str,
) -> None:
    """Of a label that was just set or taken away."""
    touch(world, issue)
    note(world, issue, event, caller, label={"name": label.name, "color": label.color})
    shown = label_view(world, label)
    tell_issue(world, event, caller, repository, issue, label=shown)
