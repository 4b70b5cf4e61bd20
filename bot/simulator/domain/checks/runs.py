"""Check runs: what Apps report of a commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.checks.suites import installation_of, reopen_suite, suite_for, sum_up
from bot.simulator.errors import ApiError
from bot.simulator.git import UnknownObject
from bot.simulator.identity.caller import Caller
from bot.simulator.records.apps import Installation
from bot.simulator.records.checks import (
    Annotation,
    CheckAction,
    CheckRun,
    CheckStatus,
    CheckSuite,
    Conclusion,
)
from bot.simulator.records.repositories import Repository
from bot.simulator.views.checks import check_run_payload
from bot.simulator.world import World

MOST_OF_A_NAME = 1000
"""Runs of one name kept in a suite; older ones go."""


@dataclass(frozen=True)
class RunChange:
    """What is said of a run anew; None says nothing. Annotations are added to those there are."""

    name: str | None = None
    details_url: str | None = None
    external_id: str | None = None
    status: CheckStatus | None = None
    conclusion: Conclusion | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: Sequence[Annotation] = ()
    actions: Sequence[CheckAction] | None = None


async def create_run(
    world: World, caller: Caller, repository: Repository, name: str, sha: str, change: RunChange
) -> CheckRun:
    """In the suite of the caller's App. Raises ApiError, 422, for a sha that is not there."""
    assert caller.app is not None
    try:
        suite, _ = await suite_for(world, repository, caller.app.id, sha)
    except UnknownObject as error:
        raise ApiError(422, f"No commit found for SHA: {sha[:60]}") from error
    return add_run(world, caller, repository, suite, name, change)


def add_run(
    world: World,
    caller: Caller,
    repository: Repository,
    suite: CheckSuite,
    name: str,
    change: RunChange,
) -> CheckRun:
    """A run in a suite that is there, as the jobs of workflows have one."""
    now = world.clock.now()
    run = CheckRun(
        id=world.tables.next_id(),
        repository_id=repository.id,
        suite_id=suite.id,
        app_id=suite.app_id,
        name=name,
        head_sha=suite.head_sha,
        started_at=now,
        created_at=now,
    )
    _apply(world, run, change)
    world.tables.check_runs.add(run)
    _drop_old(world, run)
    tell_run(world, "created", caller, repository, run)
    if run.status == "completed":
        tell_run(world, "completed", caller, repository, run)
    sum_up(world, caller, repository, suite)
    return run


def update_run(
    world: World, caller: Caller, repository: Repository, run: CheckRun, change: RunChange
) -> None:
    """Events tell of its completion; of other changes nobody hears."""
    was_done = run.status == "completed"
    _apply(world, run, change)
    world.tables.check_runs.save(run)
    if run.status == "completed" and not was_done:
        tell_run(world, "completed", caller, repository, run)
    sum_up(world, caller, repository, world.tables.suites[run.suite_id])


def _apply(world: World, run: CheckRun, change: RunChange) -> None:
    """A conclusion completes a run, any other status takes the conclusion back."""
    said: dict[str, Any] = {
        "name": change.name,
        "details_url": change.details_url,
        "external_id": change.external_id,
        "started_at": change.started_at,
        "title": change.title,
        "summary": change.summary,
        "text": change.text,
        "actions": None if change.actions is None else list(change.actions),
    }
    for field, value in said.items():
        if value is not None:
            setattr(run, field, value)
    run.annotations = [*run.annotations, *change.annotations]
    if change.conclusion is not None:
        run.status, run.conclusion = "completed", change.conclusion
        run.completed_at = change.completed_at or world.clock.now()
    elif change.status is not None and change.status != "completed":
        run.status, run.conclusion, run.completed_at = change.status, None, None
    elif change.completed_at is not None and run.status == "completed":
        run.completed_at = change.completed_at


def _drop_old(world: World, run: CheckRun) -> None:
    same = [r for r in world.tables.check_runs.where("suite", run.suite_id) if r.name == run.name]
    for old in same[:-MOST_OF_A_NAME]:
        world.tables.check_runs.remove(old)


def rerequest_run(world: World, caller: Caller, repository: Repository, run: CheckRun) -> None:
    """Asks its App to do it again. Raises ApiError, 403, for one that is not completed."""
    if run.status != "completed":
        raise ApiError(403, "This check run is not rerequestable")
    reopen_suite(world, world.tables.suites[run.suite_id])
    only = installation_of(world, repository, run.app_id)
    tell_run(world, "rerequested", caller, repository, run, only)


def request_action(
    world: World, caller: Caller, repository: Repository, run: CheckRun, identifier: str
) -> None:
    """The press of one of the run's buttons. Raises ApiError, 422, for one it has not."""
    if identifier not in [action.identifier for action in run.actions]:
        raise ApiError(422, "The check run has no such action.")
    only = installation_of(world, repository, run.app_id)
    action = {"identifier": identifier}
    tell_run(world, "requested_action", caller, repository, run, only, requested_action=action)


def tell_run(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    run: CheckRun,
    only: Installation | None = None,
    **extra: Any,
) -> None:
    """With `only`, to nobody but the App of this installation."""
    tell(
        world,
        "check_run",
        action,
        caller,
        repository,
        installation_id=None if only is None else only.id,
        check_run=check_run_payload(world, run),
        **extra,
    )
