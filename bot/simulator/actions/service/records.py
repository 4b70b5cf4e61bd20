"""Making runs and carrying them from one status to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.actions.service.announcing import follow_run, tell_run
from bot.simulator.actions.service.tokens import actions_app
from bot.simulator.domain.checks.suites import new_suite
from bot.simulator.records.accounts import Account
from bot.simulator.records.actions import Attempt, Run, RunConclusion, RunStatus, Workflow
from bot.simulator.records.checks import CheckSuite
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


@dataclass(frozen=True)
class Cause:
    """What a run is about, beside the workflow."""

    event: str
    payload: Mapping[str, Any]
    actor: Account
    ref: str
    sha: str
    """Where the workflow is read and what GITHUB_SHA says."""
    head_sha: str
    head_branch: str | None
    head_repository_id: int | None = None
    base_ref: str = ""
    head_ref: str = ""
    title: str = ""
    pull_ids: tuple[int, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    trusted: bool = True
    needs_approval: bool = False


async def create_run(
    world: World, repository: Repository, workflow: Workflow, cause: Cause, title: str
) -> Run:
    """A queued run, or one that waits for approval; those who listen are told.

    Raises UnknownObject for a head that is not in the repository.
    """
    suite = await new_suite(
        world, repository, actions_app(world).id, cause.head_sha, branch=cause.head_branch
    )
    workflow.runs += 1
    world.tables.workflows.save(workflow)
    run = _run(world, workflow, cause, suite, title)
    world.tables.runs.add(run)
    tell_run(world, run, "requested")
    if cause.needs_approval:
        follow_run(world, run)
        tell_run(world, run, "completed")
    return run


def _run(world: World, workflow: Workflow, cause: Cause, suite: CheckSuite, title: str) -> Run:
    return Run(
        id=world.tables.next_id(),
        repository_id=workflow.repository_id,
        workflow_id=workflow.id,
        suite_id=suite.id,
        name=workflow.name,
        display_title=title or cause.title or workflow.name,
        event=cause.event,
        head_branch=cause.head_branch,
        head_sha=cause.head_sha,
        head_commit=suite.head_commit.model_dump(),
        head_repository_id=cause.head_repository_id or workflow.repository_id,
        ref=cause.ref,
        sha=cause.sha,
        base_ref=cause.base_ref,
        head_ref=cause.head_ref,
        trusted=cause.trusted,
        run_number=workflow.runs,
        actor_id=cause.actor.id,
        pull_ids=list(cause.pull_ids),
        inputs=dict(cause.inputs),
        payload=dict(cause.payload),
        attempts=[_first_attempt(world, cause)],
        created_at=world.clock.now(),
    )


def _first_attempt(world: World, cause: Cause) -> Attempt:
    now = world.clock.now()
    waits = cause.needs_approval
    return Attempt(
        number=1,
        status="completed" if waits else "queued",
        conclusion="action_required" if waits else None,
        triggering_actor_id=cause.actor.id,
        started_at=now,
        updated_at=now,
    )


def set_status(world: World, run: Run, status: RunStatus) -> None:
    """Of an attempt that is not over."""
    if run.latest.status == status:
        return
    run.latest.status, run.latest.conclusion = status, None
    _touch(world, run)
    if status == "in_progress":
        tell_run(world, run, "in_progress")


def complete(world: World, run: Run, conclusion: RunConclusion, problem: str = "") -> None:
    """Ends the latest attempt. Its tokens end with it."""
    if run.latest.status == "completed":
        return
    run.latest.status, run.latest.conclusion = "completed", conclusion
    run.problem = problem
    _touch(world, run)
    for token in world.tables.tokens:
        if token.run_id == run.id:
            world.tables.tokens.remove(token)
    tell_run(world, run, "completed")


def new_attempt(world: World, run: Run, actor: Account) -> None:
    now = world.clock.now()
    run.attempts.append(
        Attempt(
            number=run.latest.number + 1,
            status="queued",
            triggering_actor_id=actor.id,
            started_at=now,
            updated_at=now,
        )
    )
    run.problem = ""
    _touch(world, run)
    tell_run(world, run, "requested")


def approve(world: World, run: Run) -> None:
    run.latest.status, run.latest.conclusion = "queued", None
    run.latest.started_at = world.clock.now()
    _touch(world, run)


def _touch(world: World, run: Run) -> None:
    run.latest.updated_at = world.clock.now()
    world.tables.runs.save(run)
    follow_run(world, run)
