"""Setting labels on issues: one timeline entry and one event for each label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.simulator.domain.issues.events import tell_issue
from bot.simulator.domain.issues.labels import check_missing, create_label, find_label
from bot.simulator.domain.issues.rights import require_write
from bot.simulator.domain.issues.timeline import note, touch
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
    all_names = [*(label.name for label in labels_of(world, issue)), *names]
    labels = labels_named(world, caller, repository, all_names)
    _attach(world, caller, repository, issue, labels[len(issue.label_ids) :])


def set_labels(
    world: World, caller: Caller, repository: Repository, issue: Issue, names: Sequence[str]
) -> None:
    """Makes `names` the issue's labels. Raises as `add_labels` does."""
    require_write(world, caller, repository, "triage", issue)
    wanted = labels_named(world, caller, repository, names)
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
    """Each once, in their order; those that are missing are made, if all of them can be.

    Raises:
        ApiError: 403 for who may not make one, 422 for too many or for what is no name.
    """
    wanted = list({name.strip().lower(): name.strip() for name in names}.values())
    if len(wanted) > MAX_LABELS:
        message = f"labels are limited to {MAX_LABELS}"
        raise invalid("Issue", "labels", "custom", message)
    for name in wanted:
        if find_label(world, repository, name) is None:
            check_missing(world, caller, repository, name)
    return [
        find_label(world, repository, name) or create_label(world, caller, repository, name)
        for name in wanted
    ]


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
