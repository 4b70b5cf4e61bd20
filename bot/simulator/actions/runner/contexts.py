"""The contexts of expressions and the variables of steps that tell of the run."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.simulator.actions.runner.request import RunRequest, Settings

RETENTION_DAYS = "90"

Context = dict[str, Any]


def github_context(request: RunRequest) -> Context:
    """`github` as far as it is the same for all jobs; the token comes with the job."""
    urls = request.urls
    kind, _, name = request.ref.removeprefix("refs/").partition("/")
    return {
        "action": "",
        "actor": request.actor,
        "actor_id": str(request.actor_id),
        "api_url": urls.api,
        "base_ref": request.base_ref,
        "event": dict(request.event),
        "event_name": request.event_name,
        "graphql_url": urls.graphql,
        "head_ref": request.head_ref,
        "ref": request.ref,
        "ref_name": name if kind in ("heads", "tags") else request.ref.removeprefix("refs/pull/"),
        "ref_protected": request.protected,
        "ref_type": "tag" if kind == "tags" else "branch",
        "repository": request.repository,
        "repository_id": str(request.repository_id),
        "repository_owner": request.repository.partition("/")[0],
        "repository_owner_id": str(request.owner_id),
        "repositoryUrl": f"{urls.server}/{request.repository}.git",
        "retention_days": RETENTION_DAYS,
        "run_attempt": str(request.attempt),
        "run_id": str(request.run_id),
        "run_number": str(request.run_number),
        "secret_source": "Actions",
        "server_url": urls.server,
        "sha": request.sha,
        "triggering_actor": request.triggering_actor,
        "workflow": request.workflow.name,
        "workflow_ref": request.workflow_ref,
        "workflow_sha": request.workflow_sha,
    }


EXPORTED = (
    *("action", "action_path", "action_ref", "action_repository", "actor", "actor_id", "api_url"),
    *("base_ref", "env", "event_name", "event_path", "graphql_url", "head_ref", "job", "output"),
    *("path", "ref", "ref_name", "ref_protected", "ref_type", "repository", "repository_id"),
    *("repository_owner", "repository_owner_id", "retention_days", "run_attempt", "run_id"),
    *("run_number", "server_url", "sha", "state", "step_summary", "triggering_actor"),
    *("workflow", "workflow_ref", "workflow_sha", "workspace"),
)
"""Members of `github` that steps also get as GITHUB_ variables."""


def github_variables(context: Mapping[str, Any]) -> dict[str, str]:
    values = {f"GITHUB_{name.upper()}": context[name] for name in EXPORTED if name in context}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


def runner_context(settings: Settings, temp: Path, tools: Path) -> Context:
    machine = platform.machine().lower()
    arch = {"x86_64": "X64", "amd64": "X64", "aarch64": "ARM64", "arm64": "ARM64"}
    return {
        "arch": arch.get(machine, "X64"),
        "environment": "self-hosted",
        "name": settings.runner_name,
        "os": "Linux",
        "temp": str(temp),
        "tool_cache": str(tools),
    }


def runner_variables(context: Mapping[str, Any]) -> dict[str, str]:
    return {f"RUNNER_{name.upper()}": str(value) for name, value in context.items()}


def needs_context(results: Mapping[str, tuple[str, Mapping[str, str]]]) -> Context:
    """From each needed job's result and outputs."""
    return {
        job: {"result": result, "outputs": dict(outputs)}
        for job, (result, outputs) in results.items()
    }
