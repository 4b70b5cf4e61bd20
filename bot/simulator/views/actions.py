"""Workflows, runs, jobs and what they leave behind."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.nodes import node_id
from bot.simulator.records.actions import (
    Artifact,
    Attempt,
    CacheEntry,
    Job,
    Run,
    Secret,
    Step,
    Variable,
    Workflow,
)
from bot.simulator.views.accounts import account_view
from bot.simulator.views.pulls import minimal_pull_view
from bot.simulator.views.repositories import minimal_repository_view
from bot.simulator.world import World


def actions_url(world: World, repository_id: int) -> str:
    """Of a repository's Actions in the API."""
    full_name = world.full_name(world.tables.repositories[repository_id])
    return f"{world.urls.repository(full_name)}/actions"


def workflow_view(world: World, workflow: Workflow) -> dict[str, Any]:
    repository = world.tables.repositories[workflow.repository_id]
    full_name = world.full_name(repository)
    file = workflow.path.rpartition("/")[2]
    branch = repository.default_branch
    return {
        "id": workflow.id,
        "node_id": node_id("Workflow", workflow.id),
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": stamp(workflow.created_at),
        "updated_at": stamp(workflow.updated_at),
        "url": f"{actions_url(world, repository.id)}/workflows/{workflow.id}",
        "html_url": f"{world.urls.page(full_name, 'blob', branch)}/{quote(workflow.path)}",
        "badge_url": f"{world.urls.page(full_name, 'workflows')}/{quote(file)}/badge.svg",
    }


def run_view(world: World, run: Run, attempt: Attempt | None = None) -> dict[str, Any]:
    """As it now is, or as it was in one of its attempts."""
    tables = world.tables
    repository = tables.repositories[run.repository_id]
    head = tables.repositories.get(run.head_repository_id) or repository
    at = attempt or run.latest
    pulls = [tables.pulls[id] for id in run.pull_ids if tables.pulls.get(id)]
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("WorkflowRun", run.id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": tables.workflows[run.workflow_id].path,
        "display_title": run.display_title,
        "run_number": run.run_number,
        "event": run.event,
        "status": at.status,
        "conclusion": at.conclusion,
        "workflow_id": run.workflow_id,
        "check_suite_id": run.suite_id,
        "check_suite_node_id": node_id("CheckSuite", run.suite_id),
        "pull_requests": [minimal_pull_view(world, pull) for pull in pulls],
        "created_at": stamp(run.created_at),
        "updated_at": stamp(at.updated_at),
        "actor": account_view(world, tables.accounts[run.actor_id]),
        "run_attempt": at.number,
        "referenced_workflows": [],
        "run_started_at": stamp(at.started_at),
        "triggering_actor": account_view(world, tables.accounts[at.triggering_actor_id]),
        **_run_addresses(world, run, at),
        "head_commit": run.head_commit,
        "repository": minimal_repository_view(world, repository),
        "head_repository": minimal_repository_view(world, head),
    }


def _run_addresses(world: World, run: Run, at: Attempt) -> dict[str, Any]:
    url = run_url(world, run)
    actions = actions_url(world, run.repository_id)
    return {
        "url": url,
        "html_url": run_page(world, run),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{actions.removesuffix('/actions')}/check-suites/{run.suite_id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{at.number - 1}" if at.number > 1 else None,
        "workflow_url": f"{actions}/workflows/{run.workflow_id}",
    }


def run_url(world: World, run: Run) -> str:
    """In the API."""
    return f"{actions_url(world, run.repository_id)}/runs/{run.id}"


def run_page(world: World, run: Run) -> str:
    full_name = world.full_name(world.tables.repositories[run.repository_id])
    return world.urls.page(full_name, "actions", "runs", run.id)


def job_page(world: World, run: Run, job_id: int) -> str:
    return f"{run_page(world, run)}/job/{job_id}"


def job_view(world: World, job: Job) -> dict[str, Any]:
    run = world.tables.runs[job.run_id]
    actions = actions_url(world, job.repository_id)
    checks = f"{actions.removesuffix('/actions')}/check-runs"
    started = job.started_at or job.created_at
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.name,
        "head_branch": run.head_branch,
        "run_url": run_url(world, run),
        "run_attempt": job.attempt,
        "node_id": node_id("CheckRun", job.check_run_id),
        "head_sha": run.head_sha,
        "url": f"{actions}/jobs/{job.id}",
        "html_url": job_page(world, run, job.id),
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": stamp(job.created_at),
        "started_at": stamp(started),
        "completed_at": maybe_stamp(job.completed_at),
        "name": job.name,
        "steps": [step_view(step) for step in job.steps],
        "check_run_url": f"{checks}/{job.check_run_id}",
        "labels": job.labels,
        "runner_id": None if job.runner_name is None else 1,
        "runner_name": job.runner_name,
        "runner_group_id": None if job.runner_name is None else 0,
        "runner_group_name": None if job.runner_name is None else "GitHub Actions",
    }


def step_view(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": step.status,
        "conclusion": step.conclusion,
        "number": step.number,
        "started_at": maybe_stamp(step.started_at),
        "completed_at": maybe_stamp(step.completed_at),
    }


def artifact_view(world: World, artifact: Artifact) -> dict[str, Any]:
    run = world.tables.runs[artifact.run_id]
    url = f"{actions_url(world, artifact.repository_id)}/artifacts/{artifact.id}"
    return {
        "id": artifact.id,
        "node_id": node_id("Artifact", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.size,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": artifact.expires_at <= world.clock.now(),
        "digest": f"sha256:{artifact.digest}",
        "created_at": stamp(artifact.created_at),
        "updated_at": stamp(artifact.created_at),
        "expires_at": stamp(artifact.expires_at),
        "workflow_run": {
            "id": run.id,
            "repository_id": run.repository_id,
            "head_repository_id": run.head_repository_id or run.repository_id,
            "head_branch": run.head_branch or "",
            "head_sha": run.head_sha,
        },
    }


def variable_view(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "value": variable.value,
        "created_at": stamp(variable.created_at),
        "updated_at": stamp(variable.updated_at),
    }


def secret_view(secret: Secret) -> dict[str, Any]:
    """The name only: nobody reads a secret back."""
    return {
        "name": secret.name,
        "created_at": stamp(secret.created_at),
        "updated_at": stamp(secret.updated_at),
    }


def cache_view(entry: CacheEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "ref": entry.ref,
        "key": entry.key,
        "version": entry.version,
        "last_accessed_at": stamp(entry.last_accessed_at),
        "created_at": stamp(entry.created_at),
        "size_in_bytes": entry.size,
    }
