"""What the runner is handed for a run: from the records to its request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.host import JobView
from bot.simulator.actions.runner.contexts import github_context
from bot.simulator.actions.runner.request import RunRequest, Urls
from bot.simulator.actions.service.records import Cause
from bot.simulator.actions.service.tokens import default_permissions, reading
from bot.simulator.actions.workflow.model import Workflow
from bot.simulator.records.actions import Job, Run
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def request_for(
    world: World, run: Run, workflow: Workflow, kept: Mapping[str, JobView]
) -> RunRequest:
    """Of the latest attempt."""
    repository = world.tables.repositories[run.repository_id]
    accounts = world.tables.accounts
    actor = accounts[run.actor_id]
    return RunRequest(
        run_id=run.id,
        run_number=run.run_number,
        attempt=run.latest.number,
        actor=actor.login,
        actor_id=actor.id,
        triggering_actor=accounts[run.latest.triggering_actor_id].login,
        event_name=run.event,
        event=run.payload,
        ref=run.ref,
        sha=run.sha or run.head_sha,
        base_ref=run.base_ref,
        head_ref=run.head_ref,
        inputs=run.inputs,
        secrets=secrets_of(world, repository) if run.trusted else {},
        permissions=default_permissions(repository, trusted=run.trusted),
        ceiling=reading if not run.trusted else None,
        kept=kept,
        **_of_repository(world, repository, workflow, run.ref, run.sha or run.head_sha),
    )


def run_scope(world: World, repository: Repository, workflow: Workflow, cause: Cause) -> Scope:
    """What `run-name` and `concurrency` see: github, inputs, vars."""
    actor = cause.actor
    request = RunRequest(
        run_id=0,
        run_number=0,
        attempt=1,
        actor=actor.login,
        actor_id=actor.id,
        triggering_actor=actor.login,
        event_name=cause.event,
        event=cause.payload,
        ref=cause.ref,
        sha=cause.sha,
        base_ref=cause.base_ref,
        head_ref=cause.head_ref,
        inputs=cause.inputs,
        permissions={},
        **_of_repository(world, repository, workflow, cause.ref, cause.sha),
    )
    return entry_scope(request)


def entry_scope(request: RunRequest) -> Scope:
    contexts = {"inputs": dict(request.inputs), "vars": dict(request.vars)}
    return Scope({"github": github_context(request), **contexts})


def _of_repository(
    world: World, repository: Repository, workflow: Workflow, ref: str, sha: str
) -> dict[str, Any]:
    full_name = world.full_name(repository)
    branch = ref.removeprefix("refs/heads/")
    rows = world.tables.variables.where("repository", repository.id)
    return {
        "repository": full_name,
        "repository_id": repository.id,
        "owner_id": repository.owner_id,
        "workflow": workflow,
        "workflow_ref": f"{full_name}/{workflow.path}@{ref}",
        "workflow_sha": sha,
        "protected": bool(world.tables.protections.one("branch", (repository.id, branch))),
        "urls": Urls(world.urls.base, world.urls.api, world.urls.graphql),
        "vars": {row.name: row.value for row in rows},
    }


def secrets_of(world: World, repository: Repository) -> dict[str, str]:
    rows = world.tables.secrets.where("repository", repository.id)
    return {row.name: row.value for row in rows}


def kept_view(job: Job) -> JobView:
    """A job of an earlier attempt, as those that need it see it."""
    conclusion = job.conclusion
    assert conclusion in ("success", "failure", "cancelled", "skipped")
    return JobView(
        key=job.key,
        name=job.name,
        status="completed",
        conclusion=conclusion,
        labels=tuple(job.labels),
        outputs=job.outputs,
        succeeded=job.succeeded,
    )
