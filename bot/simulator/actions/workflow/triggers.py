"""Whether an event starts a workflow: a pure function of the file and of the event."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.simulator.actions.workflow.model import Trigger, Workflow
from bot.simulator.actions.workflow.patterns import selects

SKIP = ("[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]")
SKIP_TRAILER = re.compile(r"\n\nskip-checks: ?true\s*\Z")
SKIPPED_EVENTS = ("push", "pull_request")


@dataclass(frozen=True)
class Event:
    """What the filters of `on` look at."""

    name: str
    action: str | None = None
    """The activity type; the event_type of a repository_dispatch."""
    ref: str = ""
    """The full ref that was pushed; for pull requests and merge groups the base's, for
    workflow_run the head branch's."""
    paths: tuple[str, ...] | None = None
    """Changed paths; None where they are not known, which fits every path filter."""
    workflow: str = ""
    """For workflow_run: the name of the workflow that ran."""
    message: str = ""
    """The message of the head commit, which may say `[skip ci]`."""


def starts(workflow: Workflow, event: Event) -> bool:
    trigger = workflow.triggers.get(event.name)
    if trigger is None or (event.name in SKIPPED_EVENTS and is_skipped(event.message)):
        return False
    return (
        _fits_type(trigger, event)
        and _fits_workflow(trigger, event)
        and _fits_ref(trigger, event.ref)
        and _fits_paths(trigger, event)
    )


def is_skipped(message: str) -> bool:
    return any(mark in message for mark in SKIP) or SKIP_TRAILER.search(message) is not None


def _fits_type(trigger: Trigger, event: Event) -> bool:
    return trigger.types is None or event.action in trigger.types


def _fits_workflow(trigger: Trigger, event: Event) -> bool:
    return trigger.event != "workflow_run" or event.workflow in trigger.workflows


def _fits_ref(trigger: Trigger, ref: str) -> bool:
    """Filters for branches alone leave tags out, and the other way round."""
    branches = trigger.branches is not None or trigger.branches_ignore is not None
    tags = trigger.tags is not None or trigger.tags_ignore is not None
    if ref.startswith("refs/tags/"):
        name = ref.removeprefix("refs/tags/")
        return _fits(trigger.tags, trigger.tags_ignore, name) if tags else not branches
    name = ref.removeprefix("refs/heads/")
    return _fits(trigger.branches, trigger.branches_ignore, name) if branches else not tags


def _fits(wanted: tuple[str, ...] | None, ignored: tuple[str, ...] | None, name: str) -> bool:
    if wanted is not None:
        return selects(wanted, name)
    return ignored is None or not selects(ignored, name)


def _fits_paths(trigger: Trigger, event: Event) -> bool:
    """Path filters do not apply to pushes of tags."""
    if event.paths is None or event.ref.startswith("refs/tags/"):
        return True
    if trigger.paths is not None:
        return any(selects(trigger.paths, path) for path in event.paths)
    if trigger.paths_ignore is not None:
        return any(not selects(trigger.paths_ignore, path) for path in event.paths)
    return True
